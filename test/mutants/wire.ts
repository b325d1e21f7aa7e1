// Faults of the bytes on the wire: what is written to NATS, and acks as they are read.
import type { Mutant } from "./mutant.ts";

const NATS = "src/delivery/nats";
const TESTS = "test/delivery/nats";

export const WIRE: readonly Mutant[] = [
  {
    name: "an ack of a stream of the same name in another JetStream domain counts",
    file: `${NATS}/expected.ts`,
    from: 'return domain === null && is !== "stored" ? null : { stream, domain };',
    to: "return null;",
    tests: [`${TESTS}/expected.test.ts`, `${TESTS}/publisher.domain.test.ts`],
  },
  {
    name: "an ack of a stream of the same name in another JetStream domain counts, by its first bytes",
    file: `${NATS}/expected.ts`,
    from: "known.inAck = domain === null ? nameInAck(known.name) : null;",
    to: "known.inAck = nameInAck(known.name);",
    tests: [`${TESTS}/expected.test.ts`, `${TESTS}/publisher.domain.test.ts`],
  },
  {
    name: "an ack of a stream whose name only begins alike counts",
    file: `${NATS}/ack.ts`,
    from: "index < name.length;",
    to: "index < name.length - 1;",
    tests: [`${TESTS}/ack.test.ts`, `${TESTS}/publisher.scope.test.ts`],
  },
  {
    name: "one full subject is the whole stream's trouble",
    file: `${NATS}/ack.ts`,
    from: 'if (errorCode === FULL) return refused("destination", reason);',
    to: 'if (errorCode === FULL) return refused("stream", reason);',
    tests: [`${TESTS}/ack.test.ts`, `${TESTS}/verdicts.test.ts`],
  },
  {
    name: "what the stream does not take is told when it is too late",
    file: `${NATS}/size.ts`,
    from: "if (maxMessage !== null && bytes > maxMessage)",
    to: "if (maxMessage !== null && bytes > maxMessage && maxPayload === 0)",
    tests: [`${TESTS}/size.test.ts`, `${TESTS}/publisher.scope.test.ts`],
  },
  {
    name: "a payload counts for nothing on the wire",
    file: `${NATS}/window.ts`,
    from: "this.bytes += listener.outgoing.payload.length;",
    to: "this.bytes += 0;",
    tests: [`${TESTS}/window.test.ts`],
  },
  {
    name: "a copy's id is read in a buffer that it does not stand in",
    file: `${NATS}/encoder.ts`,
    from: "this.#unwritten = 0;\n    this.#idAt = -1;",
    to: "this.#unwritten = 0;",
    tests: [`${TESTS}/encoder.test.ts`],
  },
  {
    name: "a subject that another destination had keeps that one's message ids",
    file: `${NATS}/encoder.ts`,
    from: "known !== undefined && known.destinationId === destinationId",
    to: "known !== undefined",
    tests: [`${TESTS}/encoder.test.ts`],
  },
  {
    name: "a number past 31 bits is written as another one",
    file: `${NATS}/encoder.ts`,
    from: "if (value > MAX_INTEGER) return writeAscii(bytes, at, String(value));",
    to: "",
    tests: [`${TESTS}/encoder.test.ts`],
  },
  {
    name: "every turn is a write",
    file: `${NATS}/outlet.ts`,
    from: "if (waitMs <= 0 || this.#waiting >= MANY) this.flush();",
    to: "if (waitMs < 9) this.flush();",
    tests: [`${TESTS}/outlet.test.ts`],
  },
  {
    name: "many messages wait for their time",
    file: `${NATS}/outlet.ts`,
    from: "if (waitMs <= 0 || this.#waiting >= MANY) this.flush();",
    to: "if (waitMs <= 0) this.flush();",
    tests: [`${TESTS}/outlet.test.ts`],
  },
  {
    name: "what waits for its time is written once and never again",
    file: `${NATS}/outlet.ts`,
    from: "this.#isTimed = false;\n      if",
    to: "if",
    tests: [`${TESTS}/outlet.test.ts`],
  },
  {
    name: "ready bytes overtake what the client has still to write",
    file: `${NATS}/fastpath.ts`,
    from: "protocol.infoReceived && protocol.outbound.size() === 0;",
    to: "protocol.infoReceived;",
    tests: [`${TESTS}/fastpath.test.ts`],
  },
  {
    name: "a message without an answer counts as answered",
    file: `${NATS}/window.ts`,
    from: "if (isAnswer) this.#answered[slot] = 1;",
    to: "this.#answered[slot] = 1;",
    tests: [`${TESTS}/window.test.ts`, `${TESTS}/verdicts.time.test.ts`],
  },
  {
    name: "a client of another shape ends in a loop",
    file: `${NATS}/path.ts`,
    from: "return new PublicPath(connection, inbox);",
    to: 'throw new Error("another shape");',
    tests: [`${TESTS}/publisher.test.ts`],
  },
  {
    name: "a write begins where another one waits",
    file: `${NATS}/encoder.ts`,
    from: "if (this.#unwritten > 0 || this.#start !== this.#end) return;",
    to: "if (this.#start !== this.#end) return;",
    tests: [`${TESTS}/encoder.test.ts`],
  },
  {
    name: "a write begins where a message waits to be written",
    file: `${NATS}/encoder.ts`,
    from: "if (this.#unwritten > 0 || this.#start !== this.#end) return;",
    to: "if (this.#unwritten > 0) return;",
    tests: [`${TESTS}/encoder.test.ts`],
  },
  {
    name: "a buffer for one large message is kept for all others",
    file: `${NATS}/encoder.ts`,
    from: "chunk.length > CHUNK_BYTES ? Buffer.allocUnsafeSlow(CHUNK_BYTES) : chunk",
    to: "chunk",
    tests: [`${TESTS}/encoder.test.ts`],
  },
];
