// Plans give what the reference gives, or leave it to it: every odd value behind every key that has a rule of its own.
import { describe, expect, test } from "bun:test";
import { clientOf, requestFrom } from "../support/clients.ts";
import { keyOf } from "../support/policies.ts";
import { writeTarget } from "../support/shapes.ts";
import { createTwins } from "../support/twins.ts";
import { INSTANTS, ODD_VALUES } from "../support/values.ts";

const SOURCES = [
  keyOf(),
  keyOf({ anonymousId: "cookie", ip: "truncate", privacySignals: "anonymise", dedupe: "messageId" }),
  keyOf({ anonymousId: "reject", ip: "drop", dedupe: "messageId", destinations: ["lake"] }),
  keyOf({ destinations: ["lake"], ip: "truncate" }),
];
const CLIENTS = ["few", "gpc"].map(clientOf);
/** Usual ones come first, so that there are plans when the odd ones come. */
const VALUES = ["usual-1", "usual-2", "usual-3", ...ODD_VALUES];

/** Each with other keys around it, as a value's neighbours must stay what they are. */
const KEYS = [
  "anonymousId",
  "userId",
  "messageId",
  "name",
  "event",
  "channel",
  "timestamp",
  "sentAt",
  "originalTimestamp",
  "receivedAt",
  "request_ip",
  "context.ip",
  "context.userAgent",
  "context.locale",
  "context.page.url",
  "context.page.title",
  "context.traits.email",
  "context.gateway.flags",
  "properties.url",
  "properties.path",
  "properties.tags.0",
  "utm_source",
];

describe("odd values", () => {
  for (const key of KEYS) {
    test(`createDecide decides by plans as without them, whatever ${key} is`, () => {
      const twins = createTwins();
      let number = 0;
      for (const value of VALUES) {
        for (const writeKey of SOURCES) {
          for (const client of CLIENTS) {
            const keys = `writeKey event first ${key} last`
              .split(" ")
              .filter((one, at, all) => all.indexOf(one) === at);
            const target = writeTarget({ type: "track", keys }, writeKey, (one) =>
              one === key ? value : `${one}-1`,
            );
            twins.decide(requestFrom(client, target, number));
            twins.decide(requestFrom(client, target.replace("/track?", "/page?"), number++));
          }
        }
      }
      twins.recheck();
      expect(twins.planned()).toBeGreaterThan(number / 4);
    });
  }

  test("createDecide finds the same source by plans as without them, however the write key is written", () => {
    const twins = createTwins();
    const written = [
      "wk_0",
      "%77k_0",
      "wk%5F0",
      "wk_off",
      "wk_%32",
      "schl%C3%BCssel",
      "sch%C3%BCssel+%E9%8D%B5",
      "nobody",
    ];
    const around = [
      "",
      "+",
      "%20",
      "%0A",
      "%C2%A0",
      "%EF%BB%BF",
      "%E2%80%A8",
      "%C2%85",
      "%00",
      "%22",
      "%",
      "%E2",
      "\u00a0",
    ];
    let number = 0;
    for (const key of written) {
      for (const before of around) {
        for (const after of around) {
          const target = `/pixel/v1/page?anonymousId=a&writeKey=${before}${key}${after}&name=n`;
          twins.decide(requestFrom(clientOf("few"), target, number++));
        }
      }
    }
    for (const value of ODD_VALUES) {
      twins.decide(
        requestFrom(clientOf("few"), `/pixel/v1/page?anonymousId=a&writeKey=${value}&name=n`, number++),
      );
    }
    expect(twins.planned()).toBeGreaterThan(0);
  });
});

describe("values that decide together", () => {
  test("createDecide knows whose event it is by plans as without them, for any two ids", () => {
    const twins = createTwins();
    const ids = VALUES.filter((value) => value.length < 400);
    let number = 0;
    for (const anonymousId of ids) {
      for (const userId of ids) {
        const writeKey = SOURCES[number % SOURCES.length] ?? "";
        const client = CLIENTS[(number >> 2) % 2] ?? clientOf("few");
        const target = `/pixel/v1/page?writeKey=${writeKey}&anonymousId=${anonymousId}&userId=${userId}`;
        twins.decide(requestFrom(client, target, number++));
      }
    }
    expect(twins.planned()).toBeGreaterThan(0);
  });

  test("createDecide corrects a client's clock by plans as without them, for any three instants", () => {
    const twins = createTwins();
    let number = 0;
    for (const timestamp of INSTANTS) {
      for (const sentAt of INSTANTS) {
        for (const originalTimestamp of INSTANTS) {
          const times = `timestamp=${timestamp}&sentAt=${sentAt}&originalTimestamp=${originalTimestamp}`;
          twins.decide(
            requestFrom(clientOf("few"), `/pixel/v1/page?writeKey=wk_0&userId=u&${times}`, number++),
          );
        }
        twins.decide(
          requestFrom(clientOf("few"), `/pixel/v1/page?writeKey=wk_0&userId=u&sentAt=${sentAt}`, number++),
        );
      }
    }
    expect(twins.planned()).toBeGreaterThan(0);
  });

  test("createDecide writes the time of receipt by plans as without them, whatever the clock says", () => {
    const twins = createTwins();
    const queries = [
      "writeKey=wk_0",
      "writeKey=wk_0&sentAt=2026-11-23T10:00:00Z",
      "writeKey=wk_0&timestamp=x",
    ];
    const times = [0, 1, 999, 1000, 951_782_399_999, 951_782_400_000, 1_763_892_000_000, 253_402_300_799_999];
    for (const receivedMs of [...times, ...times.toReversed(), ...times]) {
      for (const query of queries) {
        const request = requestFrom(clientOf("few"), `/pixel/v1/page?userId=u&${query}`);
        twins.decide({ ...request, receivedMs });
      }
    }
    twins.recheck();
    expect(twins.planned()).toBeGreaterThan(0);
  });
});
