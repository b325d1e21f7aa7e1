// What many sources cost, in look-ups and steps: never in time.
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfiguration, reloadConfiguration } from "../../src/config/configuration.ts";
import { defaultStream } from "../../src/config/environment.ts";
import { runAtOnce, type Steps } from "../../src/config/steps.ts";
import { resolved } from "../support/configuration.ts";

const COUNT = 1000;

/** As many sources as destinations, each with three of them, last ones first. */
function contentOf(count: number) {
  return {
    sources: Array.from({ length: count }, (_, i) => ({
      id: `s${i}`,
      writeKey: `k${i}`,
      destinations: [2, 1, 0].map((step) => `d${(i + step) % count}`),
    })),
    destinations: Array.from({ length: count }, (_, i) => ({ id: `d${i}` })),
  };
}

test("linkSources looks at a destination as often, however many sources there are", () => {
  const content = contentOf(COUNT);
  let looks = 0;
  const destinations = content.destinations.map(({ id }) => ({
    get id() {
      looks++;
      return id;
    },
  }));
  const { sources } = resolved({ ...content, destinations });
  expect(sources.size).toBe(COUNT);
  expect(looks).toBeLessThanOrEqual(10 * COUNT);
});

test("linkSources makes a destination's subject once, and lists routes in the order of the destinations", () => {
  const { sources } = resolved(contentOf(COUNT));
  const pages = (key: string) => sources.get(key)?.routing.page.common ?? [];
  expect(pages("k0").map(({ destinationId }) => destinationId)).toEqual(["d0", "d1", "d2"]);
  expect(pages("k999").map(({ destinationId }) => destinationId)).toEqual(["d0", "d1", "d999"]);
  expect(pages("k1")[0]).toBe(pages("k0")[1]);
});

const folder = mkdtempSync(join(tmpdir(), "pixelgate-scale-"));

test("reloadConfiguration pauses after every few sources, and reads what loadConfiguration reads", async () => {
  try {
    const path = join(folder, "many.json");
    const faulty = join(folder, "faulty.json");
    const content = contentOf(COUNT);
    writeFileSync(path, JSON.stringify(content));
    writeFileSync(
      faulty,
      JSON.stringify({ ...content, sources: content.sources.map((source) => ({ ...source, ip: 1 })) }),
    );
    let pauses = 0;
    const run = async <T>(steps: Steps<T>): Promise<T> => {
      for (let step = steps.next(); ; step = steps.next()) {
        if (step.done === true) return step.value;
        pauses++;
      }
    };
    const loaded = await reloadConfiguration(path, defaultStream(), run);
    expect(loaded).toEqual(loadConfiguration(path, defaultStream()));
    // Sources and destinations are checked, compared and linked: seven walks, each with a pause after at most 64 of them.
    expect(pauses).toBeGreaterThanOrEqual((7 * COUNT) / 64);
    pauses = 0;
    const faults = await reloadConfiguration(faulty, defaultStream(), run);
    expect(faults).toHaveLength(COUNT);
    expect(faults).toEqual(loadConfiguration(faulty, defaultStream()));
    expect(pauses).toBeGreaterThanOrEqual(COUNT / 64);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("reloadConfiguration names what it cannot read as loadConfiguration does, and has the demo without a file", async () => {
  const run = async <T>(steps: Steps<T>) => runAtOnce(steps);
  const path = join(folder, "missing.json");
  expect(await reloadConfiguration(path, defaultStream(), run)).toEqual([
    `Cannot read ${path}: no such file`,
  ]);
  expect(await reloadConfiguration(null, defaultStream(), run)).toEqual(
    loadConfiguration(null, defaultStream()),
  );
});
