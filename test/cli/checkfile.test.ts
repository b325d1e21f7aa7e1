import { expect, test } from "bun:test";
import { describeConfiguration } from "../../src/cli/checkfile.ts";
import { defaultStream } from "../../src/config/environment.ts";
import { resolved } from "../support/configuration.ts";

test("describeConfiguration tells where events go, the partitions of a destination as one, and each stream", () => {
  const { sources, layout } = resolved({
    sources: [
      { id: "blog", writeKey: "wk_secret", destinations: ["warehouse", "alerts", "ads"] },
      { id: "old", writeKey: "wk_old", destinations: [], enabled: false },
    ],
    destinations: [
      { id: "warehouse", stream: "W", partitions: 2, maxAge: "24h", maxBytes: "10GiB", replicas: 3 },
      { id: "alerts", events: ["track"] },
      { id: "ads", stream: "ADS", events: ["page"] },
    ],
  });
  expect(describeConfiguration({ sources, layout })).toEqual([
    "source blog",
    "  page  → pixel.warehouse.page.0 to .1, pixel.ads.page",
    "  track → pixel.warehouse.track.0 to .1, pixel.alerts.track",
    "source old (disabled)",
    "  page  → nowhere: no destination takes it",
    "  track → nowhere: no destination takes it",
    "stream PIXEL",
    "  takes pixel.alerts.>, pixel._rejected.>",
    "  keeps 3d, any size, 1 replica",
    "stream W_0",
    "  takes pixel.warehouse.*.0",
    "  keeps 1d, up to 10GiB, 3 replicas",
    "stream W_1",
    "  takes pixel.warehouse.*.1",
    "  keeps 1d, up to 10GiB, 3 replicas",
    "stream ADS",
    "  takes pixel.ads.>",
    "  keeps 3d, any size, 1 replica",
  ]);
});

test("describeConfiguration tells that a stream has no bound of age", () => {
  const configuration = resolved(
    { sources: [{ id: "s", writeKey: "k", destinations: [] }], destinations: [{ id: "d" }] },
    { ...defaultStream(), maxAgeMs: 0 },
  );
  expect(describeConfiguration(configuration).at(-1)).toBe("  keeps for ever, any size, 1 replica");
});
