// Plans follow the sources of the moment, and take nothing of a source's rate that the reference would not take.
import { expect, test } from "bun:test";
import type { Sources } from "../../src/config/sources.ts";
import { clientOf, requestFrom } from "../support/clients.ts";
import { resolved } from "../support/configuration.ts";
import { createTwins } from "../support/twins.ts";
import { ODD_VALUES } from "../support/values.ts";

const DESTINATIONS = [{ id: "one" }, { id: "two" }, { id: "parted", stream: "P", partitions: 3 }];
const sourcesOf = (...sources: readonly Record<string, unknown>[]): Sources =>
  resolved({
    sources: sources.map((source) => ({ id: "a", writeKey: "wk", destinations: ["one"], ...source })),
    destinations: DESTINATIONS,
  }).sources;

/** One write key, and another source behind it after each reload. */
const RELOADS: readonly Sources[] = [
  sourcesOf({}),
  sourcesOf({ id: "b" }),
  sourcesOf({ id: "a-much-longer-id_than-before" }),
  sourcesOf({ ip: "drop" }),
  sourcesOf({ ip: "truncate" }),
  sourcesOf({ anonymousId: "cookie" }),
  sourcesOf({ anonymousId: "reject" }),
  sourcesOf({ privacySignals: "anonymise" }),
  sourcesOf({ privacySignals: "drop" }),
  sourcesOf({ bots: "drop" }),
  sourcesOf({ dedupe: "messageId" }),
  sourcesOf({ destinations: ["two"] }),
  sourcesOf({ destinations: ["parted", "one"] }),
  sourcesOf({ destinations: [] }),
  sourcesOf({ reply: "gif" }),
  sourcesOf({ enabled: false }),
  sourcesOf({ writeKey: "wk2" }),
  sourcesOf({ writeKey: "wk2" }, { id: "b", writeKey: "wk" }),
];

const QUERIES = ["writeKey=wk&anonymousId=a%20b", "writeKey=wk", "userId=u&messageId=m%201&writeKey=wk"];

test("createDecide follows a reload by plans as without them", () => {
  let current: Sources = new Map();
  const twins = createTwins({ sources: () => current });
  let number = 0;
  for (const next of [...RELOADS, ...RELOADS.toReversed(), ...RELOADS]) {
    current = next;
    for (let visit = 0; visit < 4; visit++) {
      for (const query of QUERIES) {
        for (const client of ["browser", "every flag", "cookie", "bot"]) {
          twins.decide(requestFrom(clientOf(client), `/pixel/v1/page?${query}&visit=${visit}`, number++));
        }
      }
    }
  }
  expect(twins.planned()).toBeGreaterThan(number / 4);
});

test("createDecide takes a request from a source's rate once, whether a plan writes its event or leaves it", () => {
  const limited = sourcesOf({ rateLimit: 400 });
  const twins = createTwins({ sources: () => limited });
  const outcomes: string[] = [];
  for (let round = 0; round < 12; round++) {
    for (const value of ODD_VALUES) {
      // All within a second: what a plan took twice, or not at all, would be admitted at other times.
      for (const query of [
        `writeKey=wk&anonymousId=${value}&x=1`,
        `writeKey=wk&anonymousId=a&userId=${value}&x=1`,
      ]) {
        const request = requestFrom(
          clientOf("few"),
          `/pixel/v1/${round % 3 === 0 ? "track" : "page"}?${query}`,
        );
        twins.decide({ ...request, isProbe: true });
        outcomes.push(twins.decide(request).outcome);
      }
    }
  }
  expect(outcomes.filter((outcome) => outcome === "accepted").length).toBeLessThanOrEqual(400);
  expect(outcomes.filter((outcome) => outcome === "accepted").length).toBeGreaterThan(100);
  expect(twins.planned()).toBeGreaterThan(0);
});

test("createDecide forgets no source between requests of two sources with one shape, by plans as without them", () => {
  const both = sourcesOf(
    {},
    { id: "b", writeKey: "wk2", ip: "drop", dedupe: "messageId", destinations: ["two"] },
  );
  const twins = createTwins({ sources: () => both });
  for (let visit = 0; visit < 40; visit++) {
    for (const writeKey of ["wk", "wk2", "wk3", "wk", "wk2 "]) {
      twins.decide(
        requestFrom(
          clientOf("few"),
          `/pixel/v1/page?anonymousId=a${visit}&writeKey=${writeKey}&messageId=m`,
          visit,
        ),
      );
    }
  }
  expect(twins.planned()).toBeGreaterThan(100);
});
