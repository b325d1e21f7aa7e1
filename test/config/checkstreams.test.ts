import { expect, test } from "bun:test";
import { checkConfigFile } from "../../src/config/check.ts";
import { runAtOnce } from "../../src/config/steps.ts";

/** The faults of a file with these destinations, without what stands before every path. */
function faultsOf(...destinations: object[]): string[] {
  const content = {
    sources: [{ id: "s", writeKey: "k", destinations: [] }],
    destinations: destinations.map((item, index) => ({ id: `d${index}`, ...item })),
  };
  const checked = runAtOnce(checkConfigFile(content, "PIXEL"));
  return Array.isArray(checked) ? checked.map((fault) => fault.replace(/^destinations/, "")) : [];
}

const W = { stream: "W" };
const NAME = "must be 1 to 64 of A-Z a-z 0-9 _ -";

const FINE: readonly [rule: string, destinations: readonly object[]][] = [
  ["a stream of its own", [{ ...W, maxAge: "24h", maxBytes: "10GiB", replicas: 3 }]],
  ["a stream without bound", [{ ...W, maxBytes: "none" }]],
  [
    "partitions",
    [
      { ...W, partitions: 2 },
      { stream: "X", partitions: 64 },
    ],
  ],
  ["one stream for two destinations", [W, W]],
  [
    "settings that only one of them says",
    [
      { ...W, replicas: 3 },
      { ...W, maxAge: "1h" },
    ],
  ],
  [
    "settings that are the same in other words",
    [
      { ...W, maxAge: "24h" },
      { ...W, maxAge: "1d" },
    ],
  ],
  [
    "partitions that two share",
    [
      { ...W, partitions: 4 },
      { ...W, partitions: 4 },
    ],
  ],
  [
    "a stream that only looks like a partition",
    [{ ...W, partitions: 4 }, { stream: "W_4" }, { stream: "W_00" }],
  ],
  ["the name of the partitioned stream itself, which there is not", [{ stream: "PIXEL", partitions: 2 }]],
  ["names that differ in case", [{ stream: "pixel" }]],
];
for (const [rule, destinations] of FINE) {
  test(`findStreamFaults admits ${rule}`, () => expect(faultsOf(...destinations)).toEqual([]));
}

const FAULTS: readonly [rule: string, destinations: readonly object[], faults: readonly string[]][] = [
  ["a stream with a dot", [{ stream: "A.B" }], [`[0].stream: ${NAME}`]],
  ["a stream with too long a name", [{ stream: "A".repeat(65) }], [`[0].stream: ${NAME}`]],
  [
    "a stream with a space, and quotes it nowhere",
    [
      { stream: "se cret", replicas: 1 },
      { stream: "se cret", replicas: 3 },
    ],
    [`[0].stream: ${NAME}`, `[1].stream: ${NAME}`],
  ],
  ["a stream that is a number", [{ stream: 7, maxAge: "1h" }], [`[0].stream: ${NAME}`]],
  [
    "settings without a stream",
    [{ maxAge: "24h", maxBytes: "1GiB", replicas: 3, partitions: 4 }],
    ["maxAge", "maxBytes", "replicas", "partitions"].map(
      (name) => `[0].${name}: needs stream, which is missing`,
    ),
  ],
  [
    "an age that cannot be read",
    [{ ...W, maxAge: "a day" }],
    ["[0].maxAge: is not a duration such as 72h, 30m or 45s"],
  ],
  ["an age that is a number", [{ ...W, maxAge: 5 }], ["[0].maxAge: expected string"]],
  [
    "a size that cannot be read",
    [{ ...W, maxBytes: "lots" }],
    ["[0].maxBytes: is not a size such as 1GiB, 64MiB or 1048576"],
  ],
  ["a size of next to nothing", [{ ...W, maxBytes: "1" }], ["[0].maxBytes: is less than 1048576 bytes"]],
  ["six replicas", [{ ...W, replicas: 6 }], ["[0].replicas: expected integer to be less or equal to 5"]],
  [
    "one partition",
    [{ ...W, partitions: 1 }],
    ["[0].partitions: expected integer to be greater or equal to 2"],
  ],
  [
    "65 partitions",
    [{ ...W, partitions: 65 }],
    ["[0].partitions: expected integer to be less or equal to 64"],
  ],
  [
    "settings of one stream that differ",
    [
      { ...W, maxAge: "24h", maxBytes: "1GiB", replicas: 3 },
      { ...W, maxAge: "25h", maxBytes: "none", replicas: 1 },
    ],
    ["maxAge", "maxBytes", "replicas"].map(
      (name) => `[1].${name}: differs from destinations[0].${name}, and both name the stream "W"`,
    ),
  ],
  [
    "partitions that only one of two says",
    [{ ...W, partitions: 4 }, W],
    ['[1].partitions: differs from destinations[0].partitions, and both name the stream "W"'],
  ],
  [
    "the default stream",
    [{ stream: "PIXEL" }],
    ['[0].stream: makes the stream "PIXEL", which is that of PIXELGATE_STREAM'],
  ],
  [
    "a stream that is a partition of another",
    [{ ...W, partitions: 4 }, { stream: "W_3" }],
    ['[1].stream: makes the stream "W_3", which is that of destinations[0].stream'],
  ],
  [
    "a partition that is the stream of another",
    [{ stream: "W_3" }, { ...W, partitions: 4 }],
    ['[1].stream: makes the stream "W_3", which is that of destinations[0].stream'],
  ],
  [
    "all of it at once, each in its place",
    [{ maxAge: "24h" }, { ...W, maxAge: "?", replicas: 9 }, { stream: "PIXEL" }, { stream: null }],
    [
      "[1].replicas: expected integer to be less or equal to 5",
      `[3].stream: ${NAME}`,
      "[0].maxAge: needs stream, which is missing",
      "[1].maxAge: is not a duration such as 72h, 30m or 45s",
      '[2].stream: makes the stream "PIXEL", which is that of PIXELGATE_STREAM',
    ],
  ],
];
for (const [rule, destinations, faults] of FAULTS) {
  test(`findStreamFaults refuses ${rule}`, () => expect(faultsOf(...destinations)).toEqual([...faults]));
}

test("findStreamFaults compares with the default stream that the environment names", () => {
  const content = {
    sources: [{ id: "s", writeKey: "k", destinations: [] }],
    destinations: [{ id: "d", stream: "EVENTS", partitions: 2 }],
  };
  const check = (stream: string) => runAtOnce(checkConfigFile(content, stream));
  expect(check("EVENTS")).toBe(content as never);
  expect(check("EVENTS_1")).toEqual([
    'destinations[0].stream: makes the stream "EVENTS_1", which is that of PIXELGATE_STREAM',
  ]);
});
