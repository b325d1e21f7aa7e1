// What strangers can do to plans: drive out none that is in use, take all the work for themselves, or let them grow.
import { describe, expect, test } from "bun:test";
import { Plans } from "../../src/pixel/plan/plans.ts";
import { clientOf, requestFrom } from "../support/clients.ts";
import { type Shape, USUAL_SHAPES, writeTarget } from "../support/shapes.ts";
import { createTwins } from "../support/twins.ts";

// Far less than a stranger's first burst of shapes, and far more than come between two visits of a shape in use.
const BOUNDS = { most: 128, mostBytes: 4 * 1024 * 1024 };
const BROWSER = clientOf("browser");
const FEW = clientOf("few");

/** A visit of real traffic: another one for each number. */
const visit = (shape: Shape, number: number) =>
  requestFrom(
    BROWSER,
    writeTarget(shape, "wk_0", (key) => (/At$|stamp$/.test(key) ? "" : `v${number}`)),
    number,
  );

/** How a stranger makes shapes: nothing of one is met in another, or nearly all. */
const STRANGERS: Readonly<Record<string, (shape: number) => string>> = {
  "short ones": (shape) => `writeKey=wk_0&k${shape}=1`,
  "page views with one more key": (shape) =>
    `${USUAL_SHAPES[0]?.keys.map((key) => (key === "writeKey" ? "writeKey=wk_0" : `${key}=1`)).join("&")}&k${shape}=1`,
  "long keys": (shape) => `writeKey=wk_0&${"k".repeat(100)}${shape}=1`,
  "long queries": (shape) => `writeKey=wk_0&k${shape}=${"1".repeat(6000)}`,
  "many keys": (shape) =>
    `writeKey=wk_0&${Array.from({ length: 90 }, (_, i) => `k${i}x${shape}=1`).join("&")}`,
  "refused ones": (shape) => `writeKey=wk_0&context.page.url.k${shape}=1`,
  "escaped keys": (shape) => `writeKey=wk_0&%6B${shape}=1`,
  "other beginnings": (shape) => `k${shape}=1&writeKey=wk_0&anonymousId=a`,
};

describe("shapes in use", () => {
  for (const [name, write] of Object.entries(STRANGERS)) {
    for (const times of [2, 3]) {
      test(`Plans keeps those in use while a stranger sends ${name}, each ${times} times`, () => {
        const plans = new Plans(BOUNDS);
        const twins = createTwins({ plans });
        for (let round = 0; round < 4; round++) {
          for (const shape of USUAL_SHAPES) twins.decide(visit(shape, round));
        }
        let missed = 0;
        let number = 0;
        for (let shape = 0; shape < 400; shape++) {
          for (let time = 0; time < times; time++) {
            twins.decide(requestFrom(FEW, `/pixel/v1/page?${write(shape)}`, number++));
          }
          if (shape % 2 !== 0) continue;
          const inUse = USUAL_SHAPES[(shape >> 1) % USUAL_SHAPES.length];
          if (inUse === undefined) continue;
          const before = twins.planned();
          twins.decide(visit(inUse, number++));
          missed += before + 1 - twins.planned();
        }
        expect(missed).toBe(0);
        expect(plans.counts.kept).toBeLessThanOrEqual(BOUNDS.most);
        // One more than fits may be taken in.
        expect(plans.counts.bytes).toBeLessThanOrEqual(BOUNDS.mostBytes * 1.1);
      });
    }
  }

  test("Plans takes up new real traffic while a stranger's shapes fill it", () => {
    const plans = new Plans(BOUNDS);
    const twins = createTwins({ plans });
    let number = 0;
    const attack = (count: number) => {
      for (let i = 0; i < count; i++) {
        twins.decide(requestFrom(FEW, `/pixel/v1/page?writeKey=wk_0&k${number >> 1}=1`, number++));
      }
    };
    attack(4000);
    // The work of making plans is shared out by requests: honest shapes get theirs one after the other.
    let planned = 0;
    for (let round = 0; round < 2500 && planned < USUAL_SHAPES.length; round++) {
      const before = twins.planned();
      for (const shape of USUAL_SHAPES) twins.decide(visit(shape, number++));
      planned = twins.planned() - before;
      attack(8);
    }
    expect(planned).toBe(USUAL_SHAPES.length);
  });
});

describe("the work of making plans", () => {
  for (const [name, write] of Object.entries(STRANGERS)) {
    test(`Plans makes few for a stranger's ${name}, whatever he sends`, () => {
      const plans = new Plans(BOUNDS);
      const twins = createTwins({ plans });
      let number = 0;
      /** How many plans it takes to decide so many requests, two of each shape. */
      const madeFor = (requests: number) => {
        const { made } = plans.counts;
        for (const end = number + requests; number < end; number++) {
          twins.decide(requestFrom(FEW, `/pixel/v1/page?${write(number >> 1)}`, number));
        }
        return plans.counts.made - made;
      };
      // What is there for the first honest shapes is his too, but once.
      for (let burst = 0; burst < 16 && madeFor(1024) > 16; burst++);
      expect(madeFor(1024)).toBeLessThanOrEqual(16);
    });
  }

  test("Plans makes none again where the reference makes no event", () => {
    const plans = new Plans(BOUNDS);
    const twins = createTwins({ plans });
    const queries = [
      "context=1",
      "context.page.url.a=1",
      "name.a=1",
      "userId.0=1",
      "a.255=1&b.255=1",
      "channel.a=1",
    ];
    for (let number = 0; number < 300; number++) {
      for (const query of queries) {
        twins.decide(requestFrom(FEW, `/pixel/v1/page?writeKey=wk_0&${query}`, number));
      }
    }
    expect(plans.counts.made).toBeLessThanOrEqual(queries.length);
    expect(twins.planned()).toBe(0);
  });

  test("Plans makes few for one shape under every condition there is", () => {
    const plans = new Plans();
    const twins = createTwins({ plans });
    const headers = [
      ["User-Agent", "a/1"],
      ["Accept-Language", "de"],
      ["Referer", "https://x.example/"],
      ["Sec-GPC", "1"],
    ];
    for (let number = 0; number < 16 * 216; number++) {
      const chosen = Object.fromEntries(headers.filter((_, bit) => ((number >> bit) & 1) === 1));
      const peer = number % 3 === 0 ? null : "192.0.2.1";
      const target = `/pixel/v1/${number % 2 === 0 ? "page" : "track"}?writeKey=wk_${(number >> 4) % 216}&event=e&userId=${number % 5 === 0 ? "" : "u"}`;
      twins.decide(requestFrom({ peer, headers: chosen }, target, number));
    }
    expect(plans.counts.made).toBeLessThan(512);
  });
});
