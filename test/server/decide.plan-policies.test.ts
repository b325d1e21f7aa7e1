// Plans give what the reference gives: every policy, every client, both types.
import { expect, test } from "bun:test";
import { CLIENTS, requestFrom } from "../support/clients.ts";
import { POLICY_KEYS } from "../support/policies.ts";
import { type Shape, writeTarget } from "../support/shapes.ts";
import { createTwins } from "../support/twins.ts";

const SHAPES: readonly Shape[] = [
  "writeKey event",
  "writeKey event name anonymousId context.page.url context.traits.email properties.url",
  "userId event properties.title context.ip context.userAgent context.locale messageId writeKey",
].flatMap((keys) => [
  { type: "page", keys: keys.split(" ").filter((key) => key !== "event") },
  { type: "track", keys: keys.split(" ") },
]);

/** What becomes of a request for each of these values; blank ids are none, so that each policy of identity comes to it. */
const FILLS: readonly (readonly [id: string, other: string])[] = [
  ["visitor-1", "203.0.113.9"],
  ["%22b%C3%BC%22", "2001:db8:aa:bb::1"],
  ["%20", "x%22y"],
  ["", ""],
];

for (const [name, client] of Object.entries(CLIENTS)) {
  test(`createDecide decides by plans as without them, whatever a source's policy: ${name}`, () => {
    const twins = createTwins();
    let accepted = 0;
    let number = 0;
    for (const [id, other] of FILLS) {
      for (const shape of SHAPES) {
        for (const writeKey of POLICY_KEYS) {
          const target = writeTarget(shape, writeKey, (key) => (/(Id|name|event)$/.test(key) ? id : other));
          if (twins.decide(requestFrom(client, target, number++)).outcome === "accepted") accepted++;
        }
      }
    }
    twins.recheck();
    expect(accepted).toBeGreaterThan(number / 8);
    expect(twins.planned()).toBeGreaterThan(accepted / 2);
  });
}
