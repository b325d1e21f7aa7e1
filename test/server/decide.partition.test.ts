// Which partition an event goes to: that of its visitor.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { partitionOf } from "../../src/config/layout.ts";
import { accepted, decideOf, requestOf } from "../support/decisions.ts";

/** The routes of a track with these parameters. */
function routesOf(parameters: Record<string, string>, writeKey = "wk_parted") {
  const query = new URLSearchParams({ writeKey, event: "e", ...parameters });
  return accepted(decideOf()(requestOf(`/pixel/v1/track?${query}`))).outgoing.routes;
}

const lake = (visitor: string) => ({
  destinationId: "lake",
  subject: `pixel.lake.track.${partitionOf(visitor, 4)}`,
  stream: `LAKE_${partitionOf(visitor, 4)}`,
});
const ALERTS = { destinationId: "alerts", subject: "pixel.alerts.track", stream: "PIXEL" };

test("createDecide takes a visitor's events to one partition, and to other destinations as ever", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (text) => {
      // An id in quotes loses them, and one of blanks alone is none.
      const anonymousId = `v${text}`;
      expect(routesOf({ anonymousId })).toEqual([ALERTS, lake(anonymousId)]);
      expect(routesOf({ anonymousId, userId: "u", messageId: text })).toEqual([ALERTS, lake(anonymousId)]);
    }),
  );
});

test("createDecide takes an event without an anonymousId to the partition of its userId", () => {
  for (const userId of ["u1", "u2", "u3", "u4", "u5"]) {
    expect(routesOf({ userId })).toEqual([ALERTS, lake(userId)]);
    expect(routesOf({ userId, anonymousId: " " })).toEqual([ALERTS, lake(userId)]);
  }
});

test("createDecide takes an event without any id to the partition of the one that is assigned", () => {
  expect(routesOf({})).toEqual([ALERTS, lake("new-1")]);
});

test("createDecide takes one messageId of two visitors to two partitions: neither stream sees a duplicate", () => {
  const [one = "", other = ""] = ["a", "b", "c", "d", "e", "f", "g", "h"].filter(
    (visitor, _, all) => visitor === "a" || partitionOf(visitor, 4) !== partitionOf(all[0] ?? "", 4),
  );
  const streams = [one, other].map((anonymousId) => routesOf({ anonymousId, messageId: "same" })[1]?.stream);
  expect(new Set(streams).size).toBe(2);
});

test("createDecide gives all events of a source without partitions the same list of routes", () => {
  expect(routesOf({ anonymousId: "a" }, "wk_blog")).toBe(routesOf({ userId: "b" }, "wk_blog") as never);
});
