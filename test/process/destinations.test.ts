import { expect, test } from "bun:test";
import { DESTINATION_STATES, type DestinationState } from "../../src/delivery/state.ts";
import { addDestinations, addFindings } from "../../src/process/destinations.ts";
import { destination, NO_ACK, SHORT_WINDOW } from "../support/troubles.ts";

/** What processes say of one destination, added up. */
function add(...fields: Partial<DestinationState>[]): DestinationState | undefined {
  return addDestinations(fields.map((one) => [destination("warehouse", one)]))[0];
}

test("addDestinations adds up copies, bytes, quarantine and refusals", () => {
  const one = { copies: 1, bytes: 20, quarantined: 300, refused: 4000 };
  expect(add(one, {}, { copies: 5, bytes: 60, quarantined: 700, refused: 8000 })).toEqual(
    destination("warehouse", { copies: 6, bytes: 80, quarantined: 1000, refused: 12_000 }),
  );
});

for (const [ages, longest] of [
  [[10, null, 90, 0], 90],
  [[null, 0], 0],
  [[0, null], 0],
  [[null, null], null],
] as const) {
  test(`addDestinations takes ${longest} for the longest of the ages ${ages.join(", ")}`, () =>
    expect(add(...ages.map((oldestMs) => ({ oldestMs })))?.oldestMs ?? null).toBe(longest));
}

// Worst last; one without a connection does not know better than the others.
const WORSE: readonly DestinationState["state"][] = ["unknown", "open", "slow", "shut", "barred"];

test("addDestinations knows how bad each state is", () => {
  expect(WORSE.toSorted()).toEqual(DESTINATION_STATES.toSorted());
});

for (const [better, worse] of WORSE.flatMap((a, index) => WORSE.slice(index).map((b) => [a, b] as const))) {
  test(`addDestinations takes it for ${worse} where it is ${better} and ${worse}, with that one's reason`, () => {
    const pair = [
      { state: better, reason: "the better one's", sinceMs: 5000 },
      { state: worse, reason: "the worse one's", sinceMs: better === worse ? 9000 : 10 },
    ];
    const expected = { state: worse, reason: "the worse one's", sinceMs: better === worse ? 9000 : 10 };
    expect(add(...pair)).toMatchObject(expected);
    expect(add(...pair.toReversed())).toMatchObject(expected);
  });
}

test("addDestinations has each destination that any process names, once", () => {
  const [a, b, c] = [destination("a"), destination("b", { copies: 1 }), destination("c")];
  expect(addDestinations([[a, b], [], [c, b]])).toEqual([a, destination("b", { copies: 2 }), c]);
});

test("addFindings has each finding once, however many processes have it", () => {
  const other = { ...NO_ACK, stream: "WAREHOUSE" };
  expect(addFindings([[NO_ACK, SHORT_WINDOW], [], [SHORT_WINDOW, NO_ACK, other]])).toEqual([
    NO_ACK,
    SHORT_WINDOW,
    other,
  ]);
});
