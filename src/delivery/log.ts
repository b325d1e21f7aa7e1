// What delivery needs of a log: a line, and fields beside it.
import { type Clock, systemClock } from "../runtime/clock.ts";

/** Takes one line and its fields; never given a credential or a write key. */
export interface DeliveryLog {
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** Of more kinds in one interval the rest stays unsaid: thousands of destinations can be in trouble at once. */
const MAX_KINDS = 1000;

/** Lets one line of each kind through in `intervalMs`, so that a lasting fault does not fill the log. */
export function createRarely(
  intervalMs: number,
  time: Pick<Clock, "now"> = systemClock,
): (kind: string, write: () => void) => void {
  /** When a line was let through, the oldest first. */
  const last = new Map<string, number>();
  return (kind, write) => {
    const now = time.now();
    for (const [oldest, at] of last) {
      if (now - at < intervalMs) break;
      last.delete(oldest);
    }
    if (last.has(kind) || last.size >= MAX_KINDS) return;
    last.set(kind, now);
    write();
  };
}

/** The reason of an error for a log line or a message: its text, and that of its cause where it says more. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause === undefined) return error.message;
  const cause = reasonOf(error.cause);
  return error.message.includes(cause) ? error.message : `${error.message}: ${cause}`;
}
