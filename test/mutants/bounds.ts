// Faults of the bounds: what many sources, long headers and odd queries may cost.
import type { Mutant } from "./mutant.ts";

export const BOUNDS: readonly Mutant[] = [
  {
    name: "a reload never pauses",
    file: "src/config/steps.ts",
    from: "if (index % ITEMS_A_STEP === 0) yield;",
    to: "",
    tests: ["test/config/sources.scale.test.ts", "test/observe/requestseries.test.ts"],
  },
  {
    name: "slices have no end",
    file: "src/runtime/slices.ts",
    from: "while (clock.now() - startedMs < SLICE_MS) {",
    to: "while (clock.now() >= startedMs) {",
    tests: ["test/runtime/slices.test.ts"],
  },
  {
    name: "a file that changes while it is read is not read again",
    file: "src/process/reload.ts",
    from: 'if (state === "reading") state = "stale";',
    to: "",
    tests: ["test/process/reload.test.ts"],
  },
  {
    name: "a file that is read after the stop counts",
    file: "src/process/reload.ts",
    from: "if (isStopped()) return;\n    if (Array",
    to: "if (Array",
    tests: ["test/process/reload.test.ts"],
  },
  {
    name: "a destination that a source names twice is admitted",
    file: "src/config/check.ts",
    from: "new Set(list).size < list.length",
    to: "list.length < 0",
    tests: ["test/config/check.test.ts", "test/config/check.any.test.ts"],
  },
  {
    name: "a quiet source has no series",
    file: "src/observe/requestseries.ts",
    from: "[UNKNOWN_SOURCE, ...sourceIds, ...counts.keys()]",
    to: "[UNKNOWN_SOURCE, ...counts.keys()]",
    tests: ["test/observe/requestseries.test.ts"],
  },
  {
    name: "headers are taken whole",
    file: "src/pixel/headers.ts",
    from: "text.slice(0, most)",
    to: "text",
    tests: ["test/pixel/headers.test.ts", "test/server/decide.size.test.ts"],
  },
  {
    name: "gaps have no bound",
    file: "src/pixel/query.ts",
    from: "gaps > MAX_GAPS",
    to: "gaps > 8192",
    tests: ["test/pixel/query.test.ts", "test/server/decide.size.test.ts"],
  },
  {
    name: "segments are counted a key alone",
    file: "src/pixel/query.ts",
    from: "segments += path.depth;",
    to: "segments = path.depth;",
    tests: ["test/pixel/query.test.ts"],
  },
  {
    name: "every broken value makes the engine throw",
    file: "src/pixel/percent.ts",
    from: "const WARY = 64;",
    to: "const WARY = 0;",
    tests: ["test/pixel/percent.test.ts"],
  },
  {
    name: "a payload is written where another one stands",
    file: "src/pixel/payload.ts",
    from: "this.#start = end;",
    to: "",
    tests: ["test/pixel/payload.test.ts"],
  },
  {
    name: "a payload begins with the bytes of the one before it",
    file: "src/pixel/payload.ts",
    from: "byteOffset + this.#start, end - this.#start",
    to: "byteOffset, end",
    tests: ["test/pixel/payload.test.ts"],
  },
];
