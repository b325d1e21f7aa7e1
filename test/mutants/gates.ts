// Faults of the gates of streams and destinations.
import type { Mutant } from "./mutant.ts";

const GATE = "src/delivery/gate.ts";
const GATES = "src/delivery/nats/gates.ts";
const TESTS = "test/delivery/nats";

export const GATE_MUTANTS: readonly Mutant[] = [
  {
    name: "a refusal of what was sent before shuts a gate that is only slow",
    file: GATE,
    from: "(isWatched(phase) && event.sentMs >= gate.sinceMs)",
    to: "isWatched(phase)",
    tests: ["test/delivery/gate.test.ts"],
  },
  {
    name: "an ack of what was sent before opens a gate",
    file: GATE,
    from: "if (!isWatched(phase) || event.sentMs < gate.sinceMs) return gate;",
    to: "if (!isWatched(phase)) return gate;",
    tests: ["test/delivery/gate.test.ts"],
  },
  {
    name: "an ack that comes late opens a gate",
    file: GATE,
    from: "if (nowMs - event.sentMs <= PROMPT_MS) return opened(gate, nowMs);",
    to: "if (nowMs >= event.sentMs) return opened(gate, nowMs);",
    tests: ["test/delivery/gate.test.ts"],
  },
  {
    name: "a gate that is refused again and again is tried as often as the first time",
    file: GATE,
    from: "2 ** Math.min(gate.failures, 10)",
    to: "2 ** 0",
    tests: ["test/delivery/gate.test.ts"],
  },
  {
    name: "gates that were shut together are tried together",
    file: GATE,
    from: "pauseMs * (0.5 + random / 2)",
    to: "pauseMs * (0.5 + 1 / 2)",
    tests: ["test/delivery/gate.test.ts"],
  },
  {
    name: "a client waits for what its relay tries already",
    file: GATES,
    from: "return !this.#options.hasBacklog(route.destinationId);",
    to: "return true;",
    tests: [`${TESTS}/gates.test.ts`],
  },
  {
    name: "a client waits for a stream that is slow",
    file: GATES,
    from: 'return gate.phase === "open" || allowed(',
    to: 'return gate.phase === "slow" || gate.phase === "open" || allowed(',
    tests: [`${TESTS}/gates.test.ts`, `${TESTS}/publisher.slow.test.ts`],
  },
  {
    name: "the relay sends all it has to a gate that one copy may try",
    file: GATES,
    from: 'return own === "one" || common === "one" ? ONE : MANY;',
    to: "return MANY;",
    tests: [`${TESTS}/gates.test.ts`, `${TESTS}/publisher.scope.test.ts`],
  },
  {
    name: "a stream that takes nothing holds nobody",
    file: GATES,
    from: 'if (own === "none" || common === "none") {',
    to: 'if (own === "none") {',
    tests: [`${TESTS}/gates.test.ts`],
  },
  {
    name: "a destination in trouble is told as its stream is",
    file: GATES,
    from: "of [this.#destination(id, stream), this.stream(stream)]",
    to: "of [this.stream(stream)]",
    tests: [`${TESTS}/gates.test.ts`, `${TESTS}/publisher.scope.test.ts`],
  },
  {
    name: "a partition that is full shuts the others of its destination",
    file: GATES,
    from: "return streams.length > 1 ? ",
    to: "return streams.length > 99 ? ",
    tests: [`${TESTS}/gates.test.ts`, "test/delivery/delivery.layout.test.ts"],
  },
  {
    name: "a gate that an earlier layout had holds everybody",
    file: GATES,
    from: "if (gate === before || this.#gates(one.kind).get(one.name) !== one) return;",
    to: "if (gate === before) return;",
    tests: [`${TESTS}/gates.test.ts`],
  },
  {
    name: "a gate that opens is counted as one that does not",
    file: GATES,
    from: ' - Number(before.phase !== "open")',
    to: "",
    tests: [`${TESTS}/gates.test.ts`],
  },
];
