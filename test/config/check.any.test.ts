// The compiled check of each item, the sets beside it and the slow check of the whole file say the same of any file.
import { expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import fc from "fast-check";
import { checkConfigFile } from "../../src/config/check.ts";
import { ConfigFile } from "../../src/config/schema.ts";
import { runAtOnce } from "../../src/config/steps.ts";

const odd = fc.constantFrom<unknown>(null, 1, "", "a.b", "_a", [], {}, ["d"], true);
const or = (good: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 30, arbitrary: good }, { weight: 1, arbitrary: odd });
const optional = { requiredKeys: [] };

const source = fc
  .tuple(
    fc.record({ destinations: or(fc.array(fc.constantFrom("d0", "d1"), { maxLength: 3 })) }),
    fc.record(
      {
        enabled: or(fc.boolean()),
        ip: or(fc.constantFrom("keep", "truncate", "drop")),
        reply: or(fc.constantFrom("gif", "text")),
        rateLimit: or(fc.constantFrom(1, 1_000_000)),
        port: fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: odd }),
      },
      optional,
    ),
  )
  // A key without a value is no key, in JSON.
  .map(([needed, more]) => JSON.parse(JSON.stringify({ ...needed, ...more })) as object);
const destination = fc.record(
  {
    events: or(fc.array(fc.constantFrom("page", "track"), { maxLength: 3 })),
    enabled: or(fc.boolean()),
    stream: or(fc.constantFrom("A", "B")),
    replicas: or(fc.constantFrom(1, 5)),
    partitions: or(fc.constantFrom(2, 64)),
  },
  optional,
);
const file = fc
  .tuple(fc.array(or(source), { maxLength: 3 }), fc.array(or(destination), { maxLength: 2 }), fc.boolean())
  .map(([sources, destinations, isWhole]) => ({
    // Ids are told apart, so that nothing but the schema can be wrong, beside what names no destination.
    sources: sources.map((item, i) => named(item, { id: `s${i}`, writeKey: `k${i}` })),
    ...(isWhole || destinations.length > 0
      ? { destinations: destinations.map((item, i) => named(item, { id: `d${i}` })) }
      : {}),
  }));

function named(item: unknown, names: object): unknown {
  return typeof item === "object" && item !== null && !Array.isArray(item) ? { ...names, ...item } : item;
}

/** Faults that no schema can have: what one item says of another, or one setting of another. */
const BEYOND_SHAPE = /: (?:no destination has|needs stream|differs from|makes the stream)\b/;

test("checkConfigFile finds a fault of shape exactly where the schema of the whole file does", () => {
  fc.assert(
    fc.property(fc.oneof(file, odd), (content) => {
      const checked = runAtOnce(checkConfigFile(content, "PIXEL"));
      const faults = Array.isArray(checked) ? checked.filter((fault) => !BEYOND_SHAPE.test(fault)) : [];
      expect(faults.length === 0).toBe(Value.Check(ConfigFile, content));
    }),
    { numRuns: 1000 },
  );
});
