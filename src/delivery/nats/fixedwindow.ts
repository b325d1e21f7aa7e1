// Fixed-window limit (messages and bytes a second) for best-effort traffic, so that it never competes with events.
import type { Clock } from "../../runtime/clock.ts";

/** Creates a check that takes `bytes`, and is true while the present second has room for one more such message. */
export function createFixedWindowLimit(
  perSecond: { readonly messages: number; readonly bytes: number },
  time: Clock,
): (bytes: number) => boolean {
  let second = Number.NEGATIVE_INFINITY;
  let left = perSecond;
  return (bytes) => {
    const now = Math.floor(time.now() / 1000);
    if (now !== second) {
      second = now;
      left = perSecond;
    }
    if (left.messages === 0 || left.bytes < bytes) return false;
    left = { messages: left.messages - 1, bytes: left.bytes - bytes };
    return true;
  };
}
