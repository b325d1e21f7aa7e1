// What strangers can do to plans: drive out none that is in use, take all the work for themselves, or let them grow.
import { describe, expect, test } from "bun:test";
import { Plans } from "../../src/pixel/plan/plans.ts";
import { clientOf, requestFrom } from "../support/clients.ts";
import { type Shape, USUAL_SHAPES, writeTarget } from "../support/shapes.ts";
import { createTwins } from "../support/twins.ts";

// Room for few beside those in use, so that plans go all the time.
const BOUNDS = { most: USUAL_SHAPES.length + 10, mostBytes: 1024 * 1024 };
const BROWSER = clientOf("browser");
const FEW = clientOf("few");

/** A visit of real traffic: another one for each number. */
const visit = (shape: Shape, number: number) =>
  requestFrom(
    BROWSER,
    writeTarget(shape, "wk_0", (key) => (/At$|stamp$/.test(key) ? "" : `v${number}`)),
    number,
  );

const STRANGER = requestFrom(FEW, "/pixel/v1/page");
/** A stranger's request. */
const stranger = (query: string) => ({ ...STRANGER, url: `http://pixel.example/pixel/v1/page?${query}` });

/** How a stranger makes shapes: nothing of one is met in another, or nearly all. */
const STRANGERS: Readonly<Record<string, (shape: number) => string>> = {
  "short ones": (shape) => `writeKey=wk_0&k${shape}=1`,
  "page views with one more key": (shape) =>
    `${USUAL_SHAPES[0]?.keys.map((key) => (key === "writeKey" ? "writeKey=wk_0" : `${key}=1`)).join("&")}&k${shape}=1`,
  "long keys": (shape) => `writeKey=wk_0&${"k".repeat(100)}${shape}=1`,
  "long queries": (shape) => `writeKey=wk_0&k${shape}=${"1".repeat(6000)}`,
  "keys that are all new": (shape) =>
    `writeKey=wk_0&${Array.from({ length: 24 }, (_, i) => `k${i}x${shape}=1`).join("&")}`,
  "refused ones": (shape) => `writeKey=wk_0&context.page.url.k${shape}=1`,
  "escaped keys": (shape) => `writeKey=wk_0&%6B${shape}=1`,
  "other beginnings": (shape) => `k${shape}=1&writeKey=wk_0&anonymousId=a`,
};

describe("shapes in use", () => {
  for (const [name, write] of Object.entries(STRANGERS)) {
    test(`Plans keeps those in use while a stranger sends ${name}, each three times`, () => {
      const plans = new Plans(BOUNDS);
      const twins = createTwins({ plans });
      let number = 0;
      const attack = (count: number) => {
        for (let i = 0; i < count; i++) {
          twins.rush(stranger(write(Math.floor(number++ / 3))));
        }
      };
      let missed = 0;
      const visitAll = () => {
        const before = twins.planned();
        for (const shape of USUAL_SHAPES) twins.decide(visit(shape, number++));
        missed = USUAL_SHAPES.length - (twins.planned() - before);
      };
      for (let round = 0; round < 3; round++) visitAll();
      // Those in use are used between any two plans of the first burst.
      for (let shape = 0; shape < 60; shape++) {
        attack(3);
        visitAll();
      }
      expect(missed).toBe(0);
      const { made } = plans.counts;
      for (let round = 0; round < 70; round++) {
        attack(42);
        visitAll();
        expect(missed).toBe(0);
      }
      if (name !== "refused ones") expect(plans.counts.made).toBeGreaterThan(made);
      expect(plans.counts.kept).toBeLessThanOrEqual(BOUNDS.most);
      // One more than fits may be taken in.
      expect(plans.counts.bytes).toBeLessThanOrEqual(BOUNDS.mostBytes * 1.1);
    });
  }

  test.each([1, 3])("Plans makes a plan again for a shape whose plan has gone, with room for %d", (most) => {
    const twins = createTwins({ plans: new Plans({ most, mostBytes: 1024 * 1024 }) });
    for (let round = 0; round < 4; round++) {
      for (let shape = 0; shape < 8; shape++) {
        // One that was in use is kept at first.
        for (let sighting = 0; sighting < 5; sighting++) twins.decide(stranger(`writeKey=wk_0&k${shape}=1`));
        const before = twins.planned();
        twins.decide(stranger(`writeKey=wk_0&k${shape}=2`));
        expect(twins.planned()).toBe(before + 1);
      }
    }
  });

  test("Plans takes up new real traffic while a stranger's shapes fill it", () => {
    const plans = new Plans(BOUNDS);
    const twins = createTwins({ plans });
    let number = 0;
    const attack = (count: number) => {
      for (let i = 0; i < count; i++) {
        twins.rush(stranger(`writeKey=wk_0&k${number++ >> 1}=1`));
      }
    };
    attack(4000);
    // The work of making plans is shared out by requests: honest shapes get theirs one after the other.
    let planned = 0;
    for (let round = 0; round < 2500 && planned < USUAL_SHAPES.length; round++) {
      const before = twins.planned();
      for (const shape of USUAL_SHAPES) twins.rush(visit(shape, number++));
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
          twins.rush(stranger(write(number >> 1)));
        }
        return plans.counts.made - made;
      };
      // What is there for the first honest shapes is his too, but once.
      for (let burst = 0; burst < 8 && madeFor(1024) > 16; burst++) {}
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
    for (let round = 0; round < 300; round++) {
      for (const query of queries) {
        twins.rush(stranger(`writeKey=wk_0&${query}`));
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
