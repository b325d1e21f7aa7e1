// What only answers to messages show, and no look-up: who else stores what a stream should. Told for a while after it was
// last seen, since nothing says that it is over.
import type { Finding } from "./inspect.ts";

const TOLD_MS = 600_000;

/** Findings of the acks. Times are those of one clock. */
export class AckFindings {
  readonly #seen = new Map<string, { readonly finding: Finding; seenMs: number }>();

  /** Another stream acked a message: events are in it, and not where their subscribers look. */
  elsewhere(stream: string, other: string, subject: string, nowMs: number): void {
    const says = `stream "${other}" takes "${subject}", so that its events are not in "${stream}"; they are kept in the spool`;
    this.#note({ stream, severity: "fault", says, cure: null, isFatal: false }, nowMs);
  }

  /** A message that was answered already was stored once more. */
  twice(stream: string, other: string, domain: string | null, nowMs: number): void {
    const where = domain === null ? "" : ` in JetStream domain "${domain}"`;
    const says = `each message is stored twice: stream "${other}"${where} takes it, too, as where a leaf node and its hub both hold the stream`;
    this.#note({ stream, severity: "warning", says, cure: null, isFatal: false }, nowMs);
  }

  /** A message id has been busy for long. */
  busy(stream: string, nowMs: number): string {
    const says = "a message has been in process for more than a minute (10158), and stays in the spool";
    const cure = `nats stream cluster step-down ${stream}`;
    this.#note({ stream, severity: "warning", says, cure, isFatal: false }, nowMs);
    return cure;
  }

  /** What was seen in the last ten minutes. */
  list(nowMs: number): Finding[] {
    for (const [says, { seenMs }] of this.#seen) if (nowMs - seenMs > TOLD_MS) this.#seen.delete(says);
    return [...this.#seen.values()].map(({ finding }) => finding);
  }

  #note(finding: Finding, nowMs: number): void {
    const key = `${finding.stream} ${finding.says}`;
    const known = this.#seen.get(key);
    if (known !== undefined) known.seenMs = nowMs;
    else this.#seen.set(key, { finding, seenMs: nowMs });
  }
}
