// What many sources cost, in look-ups and steps: never in time.
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadSources, reloadSources, resolveSources } from "../../src/config/sources.ts";
import { runAtOnce, type Steps } from "../../src/config/steps.ts";

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

test("resolveSources looks at a destination as often, however many sources there are", () => {
  const content = contentOf(COUNT);
  let looks = 0;
  const destinations = content.destinations.map(({ id }) => ({
    get id() {
      looks++;
      return id;
    },
  }));
  const sources = resolveSources({ ...content, destinations }, "pixel");
  if (Array.isArray(sources)) throw new Error(sources.join("\n"));
  expect(sources.size).toBe(COUNT);
  expect(looks).toBeLessThanOrEqual(10 * COUNT);
});

test("resolveSources makes a destination's subject once, and lists routes in the order of the destinations", () => {
  const sources = resolveSources(contentOf(COUNT), "pixel");
  if (Array.isArray(sources)) throw new Error(sources.join("\n"));
  const pages = (key: string) => sources.get(key)?.routes.page ?? [];
  expect(pages("k0").map(({ destinationId }) => destinationId)).toEqual(["d0", "d1", "d2"]);
  expect(pages("k999").map(({ destinationId }) => destinationId)).toEqual(["d0", "d1", "d999"]);
  expect(pages("k1")[0]).toBe(pages("k0")[1]);
});

const folder = mkdtempSync(join(tmpdir(), "pixelgate-scale-"));

test("reloadSources pauses after every few sources, and reads what loadSources reads", async () => {
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
    const loaded = await reloadSources(path, "pixel", run);
    expect(loaded).toEqual(loadSources(path, "pixel"));
    // Sources and destinations are checked, compared and linked: seven walks, each with a pause after at most 64 of them.
    expect(pauses).toBeGreaterThanOrEqual((7 * COUNT) / 64);
    pauses = 0;
    const faults = await reloadSources(faulty, "pixel", run);
    expect(faults).toHaveLength(COUNT);
    expect(faults).toEqual(loadSources(faulty, "pixel"));
    expect(pauses).toBeGreaterThanOrEqual(COUNT / 64);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("reloadSources names what it cannot read as loadSources does, and has the demo without a file", async () => {
  const run = async <T>(steps: Steps<T>) => runAtOnce(steps);
  const path = join(folder, "missing.json");
  expect(await reloadSources(path, "pixel", run)).toEqual([`Cannot read ${path}: no such file`]);
  expect(await reloadSources(null, "pixel", run)).toEqual(loadSources(null, "pixel"));
});
