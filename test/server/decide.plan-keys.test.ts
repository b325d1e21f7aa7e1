// Plans give what the reference gives, or leave it to it: keys of every kind and in every order, shapes taking turns.
import { describe, expect, test } from "bun:test";
import { DEMO } from "../../src/config/configuration.ts";
import { mix } from "../bench/mix.ts";
import cases from "../fixtures/flat-decoding.json" with { type: "json" };
import { randomOf } from "../fuzz/random.ts";
import { CLIENTS, clientOf, requestFrom } from "../support/clients.ts";
import { resolved } from "../support/configuration.ts";
import { keyOf, POLICY_KEYS } from "../support/policies.ts";
import { QUERY_RULES } from "../support/queryrules.ts";
import { BIG_SHAPES, ODD_SHAPES, USUAL_SHAPES, writeTarget } from "../support/shapes.ts";
import { createTwins } from "../support/twins.ts";
import { valueFor } from "../support/values.ts";

const { sources: DEMO_SOURCES } = resolved(DEMO);
const SIGHTINGS = 4;
const GPC = clientOf("gpc");
const FEW = clientOf("few");
const ANONYMISED = keyOf({ privacySignals: "anonymise", ip: "truncate", dedupe: "messageId" });

describe("shapes", () => {
  test("createDecide decides by plans as without them while many shapes take turns", () => {
    const twins = createTwins();
    const random = randomOf(14);
    let number = 0;
    for (let round = 0; round < 24; round++) {
      for (const shape of [...USUAL_SHAPES, ...ODD_SHAPES]) {
        // Many clients and policies, and few, for plans are made for what comes again.
        const isUsual = random.oneIn(2);
        const client = isUsual ? FEW : random.pick(Object.values(CLIENTS));
        const target = writeTarget(shape, isUsual ? "wk_0" : random.pick(POLICY_KEYS), (key) =>
          valueFor(key, random),
        );
        twins.decide(requestFrom(client, target, number++));
      }
    }
    twins.recheck();
    expect(twins.planned()).toBeGreaterThan(number / 10);
  });

  for (const [index, shape] of USUAL_SHAPES.entries()) {
    test(`createDecide has a plan for real traffic's key order ${index + 1}, after it was seen twice`, () => {
      const twins = createTwins();
      const decide = (visit: number) =>
        twins.decide(
          requestFrom(
            clientOf("browser"),
            writeTarget(shape, "wk_0", (key) => fill(key, visit)),
            visit,
          ),
        );
      for (let visit = 0; visit < SIGHTINGS; visit++) decide(visit);
      const before = twins.planned();
      for (let visit = 0; visit < 10; visit++) decide(visit);
      expect(twins.planned() - before).toBe(10);
    });
  }

  test("createDecide has plans for the mix of many sites that the bench sends, and decides it as without them", () => {
    const twins = createTwins({ sources: () => DEMO_SOURCES });
    const decide = (pixels: typeof mix) => {
      for (const [visit, { target, headers }] of pixels.entries()) {
        twins.decide(requestFrom({ peer: "192.0.2.1", headers: { ...headers } }, target, visit));
      }
    };
    decide(mix.slice(0, 1024));
    const before = twins.planned();
    decide(mix.slice(1024, 2048));
    expect(twins.planned() - before).toBeGreaterThan(1024 * 0.98);
    twins.recheck();
  });

  for (const [index, shape] of BIG_SHAPES.entries()) {
    test(`createDecide decides by plans as without them at the caps of a query, ${index + 1}`, () => {
      const twins = createTwins();
      for (let visit = 0; visit < SIGHTINGS; visit++) {
        for (const client of [FEW, GPC]) {
          twins.decide(
            requestFrom(
              client,
              writeTarget(shape, ANONYMISED, (key) => `${visit}${key.length}`),
              visit,
            ),
          );
        }
      }
      twins.recheck();
    });
  }
});

/** What a visit puts behind a key: of its kind, and unlike any other visit's. */
function fill(key: string, visit: number): string {
  return /timestamp$|At$/i.test(key) ? `2026-11-23T09:59:0${visit % 10}Z` : `v${visit}%20${key.length}`;
}

/** Decides a query as often as a plan needs to be used, another visit each time, with and without a wish for privacy. */
function decideOften(twins: ReturnType<typeof createTwins>, query: string): void {
  for (let visit = 0; visit < SIGHTINGS; visit++) {
    twins.decide(requestFrom(FEW, `/pixel/v1/page?writeKey=wk_0&${query}&visit=${visit}`, visit));
    twins.decide(
      requestFrom(GPC, `/pixel/v1/track?event=e&visit=${visit}&${query}&writeKey=${ANONYMISED}`, visit),
    );
  }
}

describe("the contract", () => {
  test("createDecide decides by plans as without them for every rule of query strings", () => {
    const twins = createTwins();
    for (const [, query] of QUERY_RULES) decideOften(twins, query);
    twins.recheck();
    expect(twins.planned()).toBeGreaterThan(QUERY_RULES.length);
  });

  test("createDecide decides by plans as without them for every case of flat decoding", () => {
    const twins = createTwins();
    for (const { input, wire } of cases) for (const query of [input, wire]) decideOften(twins, query);
    twins.recheck();
    expect(twins.planned()).toBeGreaterThan(cases.length);
  });

  test("createDecide decides by plans as without them wherever the query of a URL begins and ends", () => {
    const twins = createTwins();
    const query = "writeKey=wk_0&anonymousId=a&name=n";
    const targets = [
      `?${query}`,
      `?${query}#name=m`,
      `?${query}&#`,
      `??${query}`,
      `?&&${query}&&`,
      `?${query}&name=x?y`,
      `?${query}&x`,
      `?${query}&=`,
      `#?${query}`,
      "?",
      "",
    ];
    for (let visit = 0; visit < SIGHTINGS; visit++) {
      for (const path of ["/pixel/v1/page", "/pixel/v1/page.gif", "/pixel/v1/track"]) {
        for (const tail of targets) {
          const request = requestFrom(FEW, path + tail, visit);
          twins.decide(request);
          twins.decide({ ...request, url: path + tail });
          twins.decide({ ...request, url: `http://p.example:8080${path}${tail}` });
          twins.decide({ ...request, isProbe: true });
        }
      }
    }
    expect(twins.planned()).toBeGreaterThan(0);
  });

  test("createDecide decides by plans as without them at the longest target", () => {
    const twins = createTwins({ maxUrlBytes: 512 });
    const start = "/pixel/v1/page?writeKey=wk_0&anonymousId=";
    for (const letter of ["x", "%41", "\u00e9", "\u{1f600}"]) {
      for (let count = 0; count < 512; count++) {
        twins.decide(requestFrom(FEW, start + letter.repeat(count), count));
      }
    }
    expect(twins.planned()).toBeGreaterThan(0);
  });

  test("createDecide decides by plans as without them around every round length of a URL", () => {
    const twins = createTwins();
    const url = "/pixel/v1/page?writeKey=wk_0&anonymousId=";
    for (const length of [256, 1024, 2048, 4096, 8192, 16_384]) {
      for (const tail of [
        "",
        "\u{1f600}".repeat(2),
        "\u{1f600}".repeat(length >> 3),
        "\u65e5".repeat(9),
        "%F0%9F%98%80",
      ]) {
        for (let spare = -6; spare <= 6; spare++) {
          const target = url + "x".repeat(length + spare - url.length - tail.length) + tail;
          twins.decide({ ...requestFrom(FEW, target, spare + 6), url: target });
        }
      }
    }
    expect(twins.planned()).toBeGreaterThan(0);
  });
});
