// The requests of a load as bytes, each with a fresh id where it has the place for one. Knows no sockets.
import { COUNT_DIGITS, FRESH_ID, freshRun, type Load, writeRequests } from "./load.ts";

/**
 * The nth request of a load, from 0: the targets take turns. Its bytes are written again when its target's turn comes
 * next; a socket has taken them by then.
 */
export function createRequests(load: Pick<Load, "targets" | "headers">): (nth: number) => Buffer {
  const run = freshRun();
  const requests = writeRequests(load).map((text) => {
    const at = text.indexOf(FRESH_ID);
    const bytes = Buffer.from(text.replace(FRESH_ID, run.padEnd(FRESH_ID.length, "0")));
    return { bytes, countEnd: at < 0 ? 0 : at + FRESH_ID.length };
  });
  return (nth) => {
    const request = requests[nth % requests.length];
    if (request === undefined) throw new Error("Cannot write a request: the load has no target");
    if (request.countEnd > 0) writeCount(request.bytes, request.countEnd, nth);
    return request.bytes;
  };
}

/** Writes a count in decimal so that it ends before `end`. */
function writeCount(bytes: Buffer, end: number, count: number): void {
  let rest = count;
  for (let at = end - 1; at >= end - COUNT_DIGITS; at--) {
    bytes[at] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}
