// Where a spooled copy goes when the configuration has changed since.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { defaultStream } from "../../src/config/environment.ts";
import { type Layout, resolveLayout, routeAgain } from "../../src/config/layout.ts";
import type { DestinationItem } from "../../src/config/schema.ts";
import { encodePayload } from "../../src/pixel/payload.ts";
import { routeOf } from "../support/configuration.ts";

function layoutOf(destination: DestinationItem, prefix = "pixel"): Layout {
  const sources = [{ id: "s", writeKey: "k", destinations: [] }];
  return resolveLayout({ sources, destinations: [destination] }, { ...defaultStream(), prefix });
}

/** A copy of a page of `warehouse`, as spooled by a gateway with that layout. */
function spooled(layout: Layout, event: { anonymousId?: string; userId?: string } = { anonymousId: "z" }) {
  const visitor = event.anonymousId ?? event.userId ?? "";
  const { subject } = routeOf(layout, "warehouse", "page", visitor);
  return {
    destinationId: "warehouse",
    subject,
    type: "page" as const,
    payload: encodePayload(JSON.stringify(event)),
  };
}

const PLAIN = layoutOf({ id: "warehouse" });
const OWN = layoutOf({ id: "warehouse", stream: "W" });
const parted = (partitions: number) => layoutOf({ id: "warehouse", stream: "W", partitions });

/** The payload of nobody, whose partition is the first, and not that of `z`. */
const UNREAD = encodePayload("{");

test("routeAgain leaves a copy where it was while the configuration is the same, and reads no payload", () => {
  for (const layout of [PLAIN, OWN, parted(4)]) {
    const copy = spooled(layout);
    const again = routeAgain(layout, { ...copy, payload: UNREAD });
    expect(again).toEqual(routeOf(layout, "warehouse", "page", "z"));
    expect(again.subject).toBe(copy.subject);
  }
});

test("routeAgain takes a copy to the stream that its destination has now", () => {
  const copy = { ...spooled(PLAIN), payload: UNREAD };
  expect(routeAgain(OWN, copy)).toEqual({
    destinationId: "warehouse",
    subject: "pixel.warehouse.page",
    stream: "W",
  });
  expect(routeAgain(PLAIN, { ...spooled(OWN), payload: UNREAD })).toMatchObject({ stream: "PIXEL" });
});

test("routeAgain takes a copy to the prefix of now", () => {
  const moved = layoutOf({ id: "warehouse" }, "site.px");
  expect(routeAgain(moved, spooled(PLAIN))).toMatchObject({ subject: "site.px.warehouse.page" });
});

test("routeAgain finds the partition of a copy that had none, by its visitor", () => {
  fc.assert(
    fc.property(
      fc.record({ anonymousId: fc.string(), userId: fc.string() }, { requiredKeys: [] }),
      fc.integer({ min: 2, max: 64 }),
      (event, partitions) => {
        const blank = event.anonymousId === undefined || event.anonymousId.trim() === "";
        const visitor = (blank ? event.userId : event.anonymousId) ?? "";
        const layout = parted(partitions);
        expect(routeAgain(layout, spooled(PLAIN, event))).toEqual(
          routeOf(layout, "warehouse", "page", visitor),
        );
      },
    ),
  );
});

test("routeAgain leaves a copy in a partition that there still is: the stream may have it already", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (anonymousId) => {
      const copy = { ...spooled(parted(4), { anonymousId }), payload: UNREAD };
      const { subject, stream } = routeAgain(parted(8), copy);
      expect(subject).toBe(copy.subject);
      expect(stream).toBe(`W_${copy.subject.split(".")[3]}`);
    }),
  );
});

test("routeAgain finds another partition for a copy whose own is gone", () => {
  const copy = { ...spooled(PLAIN, { anonymousId: "z" }), subject: "pixel.warehouse.page.2" };
  expect(routeAgain(parted(2), copy)).toEqual(routeOf(parted(2), "warehouse", "page", "z"));
  expect(routeAgain(parted(3), { ...copy, payload: UNREAD }).stream).toBe("W_2");
});

test("routeAgain takes a copy out of its partition where the destination has none any more", () => {
  expect(routeAgain(OWN, { ...spooled(parted(4)), payload: UNREAD })).toEqual({
    destinationId: "warehouse",
    subject: "pixel.warehouse.page",
    stream: "W",
  });
});

test("routeAgain keeps the subject of a destination that is not configured any more, in the default stream", () => {
  const copy = {
    ...spooled(parted(4)),
    destinationId: "former",
    subject: "old.former.page.3",
    payload: UNREAD,
  };
  expect(routeAgain(parted(4), copy)).toEqual({
    destinationId: "former",
    subject: "old.former.page.3",
    stream: "PIXEL",
  });
});

test("routeAgain takes a payload that is no event to the partition of nobody", () => {
  for (const text of ["{", "null", "[]", "7", '{"anonymousId":7}']) {
    expect(routeAgain(parted(3), { ...spooled(PLAIN), payload: encodePayload(text) }).stream).toBe("W_0");
  }
});
