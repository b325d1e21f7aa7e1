// What only the answers to messages show, and no look-up: who else stores what a stream should, and ids that stay busy. In
// the log at once, and among the findings for a while after it was last seen, since nothing says that it is over.
import type { Clock } from "../../runtime/clock.ts";
import type { Finding } from "../finding.ts";
import { createRarely, type DeliveryLog } from "../log.ts";
import { BusyIds } from "./busy.ts";
import { describeOther, type OtherStream } from "./expected.ts";

const TOLD_MS = 600_000;

/** The findings of one publisher's acks. */
export class AckFindings {
  readonly #log: DeliveryLog;
  readonly #time: Clock;
  readonly #rarely: ReturnType<typeof createRarely>;
  readonly #busy = new BusyIds();
  readonly #seen = new Map<string, { readonly finding: Finding; seenMs: number }>();

  constructor(log: DeliveryLog, time: Clock) {
    this.#log = log;
    this.#time = time;
    this.#rarely = createRarely(10_000, time);
  }

  /** Another stream answered for a message, and the expected one did not: events are where nobody looks for them. */
  elsewhere(stream: string, other: OtherStream, subject: string): void {
    const told = describeOther(other, stream);
    const says = `stream ${told} takes "${subject}", so that its events are not in "${stream}"; they are kept in the spool`;
    this.#note(`in place: ${told}`, { stream, severity: "fault", says, cure: null, isFatal: false }, () =>
      this.#log.error("another stream takes the subject: its acks are not believed", {
        stream,
        other: other.stream,
        domain: other.domain,
        subject,
      }),
    );
  }

  /** A message was answered for by two streams. */
  twice(stream: string, { stream: other, domain }: OtherStream): void {
    const where = domain === null ? "" : ` in JetStream domain "${domain}"`;
    const says = `each message is stored twice: stream "${other}"${where} takes it, too, as where a leaf node and its hub both hold the stream`;
    this.#note(says, { stream, severity: "warning", says, cure: null, isFatal: false }, () =>
      this.#log.warn("a message was stored by two streams", { stream, other, domain }),
    );
  }

  /** A message id is busy; told when it has been so for more than a minute. */
  busy(stream: string, messageId: string): void {
    if (!this.#busy.add(messageId, this.#time.now())) return;
    const says = "a message has been in process for more than a minute (10158), and stays in the spool";
    const cure = `nats stream cluster step-down ${stream}`;
    this.#note("busy", { stream, severity: "warning", says, cure, isFatal: false }, () =>
      this.#log.warn("the stream has been storing a message for more than a minute", { stream, cure }),
    );
  }

  /** What was seen in the last ten minutes. */
  list(): Finding[] {
    const now = this.#time.now();
    for (const [key, { seenMs }] of this.#seen) if (now - seenMs > TOLD_MS) this.#seen.delete(key);
    return [...this.#seen.values()].map(({ finding }) => finding);
  }

  /** Of a stream each kind is told once, as it was seen first: thousands of its subjects may share one cause. */
  #note(kind: string, finding: Finding, write: () => void): void {
    const key = `${finding.stream} ${kind}`;
    this.#seen.set(key, { finding, ...this.#seen.get(key), seenMs: this.#time.now() });
    this.#rarely(key, write);
  }
}
