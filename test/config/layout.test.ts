import { describe, expect, test } from "bun:test";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { defaultStream } from "../../src/config/environment.ts";
import { type Layout, partitionOf, resolveLayout } from "../../src/config/layout.ts";
import type { DestinationItem } from "../../src/config/schema.ts";
import { routeOf } from "../support/configuration.ts";

const STREAM = { ...defaultStream(), replicas: 1, maxAgeMs: 1000, maxBytes: -1 };

/** The layout of a file with these destinations. */
function layoutOf(...destinations: DestinationItem[]): Layout {
  return resolveLayout({ sources: [{ id: "s", writeKey: "k", destinations: [] }], destinations }, STREAM);
}

/** The patterns of every stream. */
function subjectsOf({ streams }: Layout): Record<string, readonly string[]> {
  return Object.fromEntries(Array.from(streams.values(), ({ name, subjects }) => [name, subjects]));
}

const PARTITIONED: DestinationItem = { id: "warehouse", stream: "W", partitions: 4 };

describe("streams", () => {
  test("resolveLayout has one stream over every subject where no destination names another", () => {
    const layout = layoutOf(
      { id: "warehouse" },
      { id: "alerts", enabled: false },
      { id: "ads", events: ["track"] },
    );
    expect([...layout.streams.values()]).toEqual([
      { name: "PIXEL", subjects: ["pixel.>"], replicas: 1, maxAgeMs: 1000, maxBytes: -1 },
    ]);
    expect(layout).toMatchObject({ prefix: "pixel", defaultStream: "PIXEL" });
    expect([...layout.destinations.values()]).toEqual([
      { id: "warehouse", streams: ["PIXEL"], types: ["page", "track"] },
      { id: "alerts", streams: ["PIXEL"], types: [] },
      { id: "ads", streams: ["PIXEL"], types: ["track"] },
    ]);
  });

  test("resolveLayout gives a destination's stream its settings, and those of the default one where it has none", () => {
    const { streams } = layoutOf(
      { id: "a", stream: "A", maxAge: "24h", maxBytes: "10GiB", replicas: 3 },
      { id: "b", stream: "B" },
      { id: "c", stream: "C", maxBytes: "none" },
    );
    expect(streams.get("A")).toMatchObject({ maxAgeMs: 86_400_000, maxBytes: 10 * 1024 ** 3, replicas: 3 });
    expect(streams.get("B")).toMatchObject({ maxAgeMs: 1000, maxBytes: -1, replicas: 1 });
    expect(streams.get("C")).toMatchObject({ maxBytes: -1 });
  });

  test("resolveLayout leaves the default stream the other destinations and the rejected requests", () => {
    const layout = layoutOf({ id: "warehouse", stream: "W" }, { id: "alerts" }, { id: "ads" });
    expect(subjectsOf(layout)).toEqual({
      PIXEL: ["pixel.alerts.>", "pixel.ads.>", "pixel._rejected.>"],
      W: ["pixel.warehouse.>"],
    });
    expect(subjectsOf(layoutOf({ id: "warehouse", stream: "W" })).PIXEL).toEqual(["pixel._rejected.>"]);
  });

  test("resolveLayout keeps the stream of a destination that is not enabled: the spool may hold its events", () => {
    expect(subjectsOf(layoutOf({ id: "off", stream: "W", enabled: false })).W).toEqual(["pixel.off.>"]);
  });

  test("resolveLayout has one stream for all that name it, with what any of them says of it", () => {
    for (const order of [1, -1]) {
      const said: DestinationItem[] = [
        { id: "a", stream: "W", replicas: 3 },
        { id: "b", stream: "W", maxAge: "1h" },
      ];
      const { streams } = layoutOf(...said.toSorted((x, y) => order * x.id.localeCompare(y.id)));
      expect(streams.get("W")).toMatchObject({ replicas: 3, maxAgeMs: 3_600_000 });
      expect(streams.get("W")?.subjects.toSorted()).toEqual(["pixel.a.>", "pixel.b.>"]);
    }
  });

  test("resolveLayout has a stream for each partition", () => {
    const layout = layoutOf(PARTITIONED, { id: "ads", stream: "W", partitions: 4 });
    expect(layout.destinations.get("warehouse")?.streams).toEqual(["W_0", "W_1", "W_2", "W_3"]);
    expect(subjectsOf(layout)).toEqual({
      PIXEL: ["pixel._rejected.>"],
      W_0: ["pixel.warehouse.*.0", "pixel.ads.*.0"],
      W_1: ["pixel.warehouse.*.1", "pixel.ads.*.1"],
      W_2: ["pixel.warehouse.*.2", "pixel.ads.*.2"],
      W_3: ["pixel.warehouse.*.3", "pixel.ads.*.3"],
    });
  });
});

describe("where an event goes", () => {
  const layout = layoutOf(PARTITIONED, { id: "alerts" }, { id: "own", stream: "OWN" });

  test("routesOf names the stream of a destination, and the default one where it names none", () => {
    expect(routeOf(layout, "alerts", "page", "v")).toEqual({
      destinationId: "alerts",
      subject: "pixel.alerts.page",
      stream: "PIXEL",
    });
    expect(routeOf(layout, "own", "track", "v")).toEqual({
      destinationId: "own",
      subject: "pixel.own.track",
      stream: "OWN",
    });
    expect(routeOf(layout, "gone", "page", "v")).toMatchObject({
      subject: "pixel.gone.page",
      stream: "PIXEL",
    });
  });

  test("routesOfVisitor takes the partition that is the CRC-32 of the visitor's UTF-8, modulo the partitions", () => {
    // What `cksum`-like tools and other languages say of these texts, so that a consumer may work it out.
    const known: readonly (readonly [visitor: string, sum: number])[] = [
      ["", 0],
      ["123456789", 0xcbf43926],
      ["visitor-1", crc32(Buffer.from("visitor-1"))],
      ["Zo\u00eb \u{1d11e}", crc32(Buffer.from("Zo\u00eb \u{1d11e}"))],
    ];
    for (const [visitor, sum] of known) {
      expect(routeOf(layout, "warehouse", "page", visitor)).toEqual({
        destinationId: "warehouse",
        subject: `pixel.warehouse.page.${sum % 4}`,
        stream: `W_${sum % 4}`,
      });
    }
  });

  test("routesOfVisitor takes one partition for a visitor, whatever the type and the destination", () => {
    const both = layoutOf(PARTITIONED, { id: "ads", stream: "ADS", partitions: 4 });
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (visitor) => {
        const first = routeOf(both, "warehouse", "page", visitor);
        const others = [routeOf(both, "warehouse", "track", visitor), routeOf(both, "ads", "page", visitor)];
        for (const { stream } of others) expect(stream.split("_")[1]).toBe(first.stream.split("_")[1]);
        expect(routeOf(both, "warehouse", "page", visitor)).toEqual(first);
      }),
    );
  });

  test("partitionOf spreads visitors evenly, random ids and counted ones", () => {
    const visitors = 20_000;
    const kinds = [
      // A generator of its own: the ids are the same in each run.
      (index: number) => [1, 2, 3, 4].map((part) => crc32(`${part}/${index}/seed`).toString(16)).join("-"),
      (index: number) => `user-${index}`,
      (index: number) => String(100_000 + index),
    ];
    for (const partitions of [2, 3, 4, 7, 16, 64]) {
      for (const kind of kinds) {
        const counts = new Array<number>(partitions).fill(0);
        for (let index = 0; index < visitors; index++) {
          const partition = partitionOf(kind(index), partitions);
          counts[partition] = (counts[partition] ?? 0) + 1;
        }
        const mean = visitors / partitions;
        expect(counts).toHaveLength(partitions);
        // Five times the scatter that chance would have.
        for (const count of counts) expect(Math.abs(count - mean)).toBeLessThan(5 * Math.sqrt(mean));
      }
    }
  });
});
