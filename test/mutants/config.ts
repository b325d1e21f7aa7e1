// Faults of the configuration: which streams there are, and which of them an event goes to.
import type { Mutant } from "./mutant.ts";

const LAYOUT = ["test/config/layout.test.ts"];
const AGAIN = ["test/config/layout.again.test.ts"];
const FAULTS = ["test/config/checkstreams.test.ts"];

export const CONFIG: readonly Mutant[] = [
  {
    name: "the default stream takes every subject beside streams of their own",
    file: "src/config/layout.ts",
    from: "named.size === 0 ?",
    to: "named.size >= 0 ?",
    tests: LAYOUT,
  },
  {
    name: "rejected requests have no stream beside streams of their own",
    file: "src/config/layout.ts",
    from: '[...common, rejectedSubject(prefix, ">")]',
    to: "common",
    tests: LAYOUT,
  },
  {
    name: "only the first destination of a stream says what it is to be",
    file: "src/config/layout.ts",
    from: "Object.assign({}, ...items)",
    to: "Object.assign({}, items[0])",
    tests: LAYOUT,
  },
  {
    name: "partitions hang on the length of the visitor's id",
    file: "src/config/layout.ts",
    from: "return crc32(visitor) % partitions;",
    to: "return visitor.length % partitions;",
    tests: LAYOUT,
  },
  {
    name: "a partition's subject has no partition in it",
    file: "src/config/layout.ts",
    from: "const token = streams.length > 1 ? partition : null;",
    to: "const token = null;",
    tests: LAYOUT,
  },
  {
    name: "a spooled copy leaves a partition that there still is",
    file: "src/config/layout.ts",
    from: "const isKept = former !== null && former < length;",
    to: "const isKept = false;",
    tests: AGAIN,
  },
  {
    name: "a spooled copy stays in a partition that is gone",
    file: "src/config/layout.ts",
    from: "former !== null && former < length",
    to: "former !== null",
    tests: AGAIN,
  },
  {
    name: "a spooled copy of a former destination gets another subject",
    file: "src/config/layout.ts",
    from: "if (spec === undefined) return { destinationId, subject, stream: layout.defaultStream };",
    to: "if (spec === undefined) return routeTo(layout, destinationId, type, 0);",
    tests: AGAIN,
  },
  {
    name: "a payload that is no event stops the relay",
    file: "src/config/layout.ts",
    from: 'catch {\n    return "";',
    to: "catch (error) {\n    throw error;",
    tests: AGAIN,
  },
  {
    name: "a blank anonymousId is a visitor",
    file: "src/pixel/identity.ts",
    from: 'typeof anonymousId === "string" && !isBlank(anonymousId)',
    to: 'typeof anonymousId === "string"',
    tests: ["test/server/decide.partition.test.ts"],
  },
  {
    name: "all events of a partitioned destination go to its first stream",
    file: "src/config/routing.ts",
    from: "routes.length > 1 ? partitionOf(visitor, routes.length) : 0",
    to: "0",
    tests: ["test/config/routing.test.ts", "test/server/decide.partition.test.ts"],
  },
  {
    name: "routes are made anew for each event",
    file: "src/config/routing.ts",
    from: "isPartitioned ? null : destinations.flat()",
    to: "null",
    tests: ["test/config/routing.test.ts", "test/server/decide.partition.test.ts"],
  },
  {
    name: "sources of the same destinations have a routing each",
    file: "src/config/sources.ts",
    from: "routings.set(key, routing);",
    to: "",
    tests: ["test/config/sources.test.ts"],
  },
  {
    name: "settings of a stream need none",
    file: "src/config/checkstreams.ts",
    from: "else if (stream === undefined && value !== undefined)",
    to: "else if (stream === undefined && value === null)",
    tests: FAULTS,
  },
  {
    name: "settings of one stream may differ",
    file: "src/config/checkstreams.ts",
    from: "else if (first.value !== value) {",
    to: "else if (first.value === null) {",
    tests: FAULTS,
  },
  {
    name: "partitions may differ where one destination has none",
    file: "src/config/checkstreams.ts",
    from: 'if (value === undefined && name !== "partitions") return;',
    to: "if (value === undefined) return;",
    tests: FAULTS,
  },
  {
    name: "a stream may have the name of another's partition",
    file: "src/config/checkstreams.ts",
    from: "maker.named !== stream ||",
    to: "",
    tests: FAULTS,
  },
  {
    name: "a reload is not told",
    file: "src/process/reload.ts",
    from: "onReload(loaded);",
    to: "",
    tests: ["test/process/reload.test.ts"],
  },
  {
    name: "a share of the spool may be nothing",
    file: "src/config/units.ts",
    from: "share > 0 && share <= 1",
    to: "share >= 0 && share <= 1",
    tests: ["test/config/units.test.ts"],
  },
];
