// Faults that somebody could make, and the tests that must notice each. A place is a piece of code that occurs once.

/** A change to the code, and the tests of which one must turn red. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly tests: readonly string[];
}

const NATS = "test/delivery/nats";

export const MUTANTS: readonly Mutant[] = [
  {
    name: "the relay does not send first what may be stored",
    file: "src/delivery/relay.ts",
    from: "onlyMaybeStored: true",
    to: "onlyMaybeStored: false",
    tests: ["test/delivery/relay.test.ts"],
  },
  {
    name: "the relay's window never shrinks",
    file: "src/delivery/relaywindow.ts",
    from: "return { ...pace, window: 1, holdUntilMs };",
    to: "return { ...pace, holdUntilMs };",
    tests: ["test/delivery/relaywindow.test.ts"],
  },
  {
    name: "the relay does not tell its window of what stays unacked",
    file: "src/delivery/relay.ts",
    from: 'change({ is: "unacked", isDegraded });',
    to: "",
    tests: ["test/delivery/relay.test.ts"],
  },
  {
    name: "a late ack counts as fit",
    file: "src/delivery/nats/health.ts",
    from: " && nowMs - event.sentMs < FIT_MS",
    to: "",
    tests: [`${NATS}/health.test.ts`],
  },
  {
    name: "an ack of what was sent before the trouble counts as fit",
    file: "src/delivery/nats/health.ts",
    from: "event.sentMs > health.troubledMs && ",
    to: "",
    tests: [`${NATS}/health.test.ts`],
  },
  {
    name: "the connection is not dropped after 10 s of silence",
    file: "src/delivery/nats/publisher.ts",
    from: 'if (isConnected && health.phase === "down") connection.drop(why);',
    to: "void isConnected;",
    tests: [`${NATS}/publisher.test.ts`],
  },
  {
    name: "acks that cannot be received are ignored",
    file: "src/delivery/nats/publisher.ts",
    from: 'change({ is: "deaf" }, "acks cannot be received");',
    to: "",
    tests: [`${NATS}/publisher.test.ts`],
  },
  {
    name: "a stream that is there makes a deaf connection up",
    file: "src/delivery/nats/health.ts",
    from: 'if (phase === "up" || phase === "deaf") return health;',
    to: 'if (phase === "up") return health;',
    tests: [`${NATS}/health.test.ts`, `${NATS}/publisher.test.ts`],
  },
  {
    name: "what is in flight waits for its deadline when acks cannot be received",
    file: "src/delivery/nats/publisher.ts",
    from: 'window.expire("acks cannot be received", () => true);',
    to: "",
    tests: [`${NATS}/publisher.test.ts`],
  },
  {
    name: "a settle that throws ends the loop",
    file: "src/delivery/delivery.ts",
    from: 'log.error("an answer failed by a fault of the gateway"',
    to: 'throw error; log.error("an answer failed by a fault of the gateway"',
    tests: ["test/delivery/delivery.faults.test.ts"],
  },
  {
    name: "a former worker's spool is removed without the second look",
    file: "src/delivery/abandoned.ts",
    from: "if (!isUnused(name) || !isEmpty(name)) return;",
    to: "",
    tests: ["test/delivery/abandoned.test.ts"],
  },
  {
    name: "a former worker's spool is removed though somebody has spooled meanwhile",
    file: "src/delivery/abandoned.ts",
    from: "if (!isUnused(name) || !isEmpty(name)) return;",
    to: "if (!isUnused(name)) return;",
    tests: ["test/delivery/abandoned.test.ts"],
  },
  {
    name: "a full spool says that it fails",
    file: "src/delivery/spool/admission.ts",
    from: 'admission.fault === "full" ? "full" : "failing"',
    to: '"failing"',
    tests: ["test/delivery/spool/admission.test.ts", "test/delivery/spool/spool.test.ts"],
  },
  {
    name: "a disk that fails says that the spool is full",
    file: "src/delivery/spool/admission.ts",
    from: 'admission.fault === "full" ? "full" : "failing"',
    to: '"full"',
    tests: ["test/delivery/spool/admission.test.ts", "test/delivery/spool/spool.disk.test.ts"],
  },
  {
    name: "a spool that refuses tries at once again",
    file: "src/delivery/spool/admission.ts",
    from: '(admission.is === "refusing" && nowMs >= admission.untilMs)',
    to: 'admission.is === "refusing"',
    tests: ["test/delivery/spool/admission.test.ts"],
  },
  {
    name: "a payload counts in UTF-16 units on the wire",
    file: "src/delivery/nats/window.ts",
    from: "this.bytes += listener.outgoing.payloadBytes;",
    to: "this.bytes += listener.outgoing.payload.length;",
    tests: [`${NATS}/window.test.ts`],
  },
  {
    name: "a client of another shape ends in a loop",
    file: "src/delivery/nats/path.ts",
    from: "return new PublicPath(connection);",
    to: 'throw new Error("another shape");',
    tests: [`${NATS}/publisher.test.ts`],
  },
];
