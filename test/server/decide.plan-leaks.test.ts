// Plans never let one visitor's bytes into another's event, and no event changes once it was given.
import { describe, expect, test } from "bun:test";
import { randomOf } from "../fuzz/random.ts";
import { type Client, clientOf, requestFrom } from "../support/clients.ts";
import { keyOf, POLICY_KEYS } from "../support/policies.ts";
import { USUAL_SHAPES, writeTarget } from "../support/shapes.ts";
import { createTwins, payloadOf } from "../support/twins.ts";
import { ODD_VALUES } from "../support/values.ts";

/** A text that only one visitor has. */
const markOf = (visitor: number) => `visitor${visitor}of`;
const MARK = /visitor(\d+)of/g;

/** A client whose every header names its visitor; some have few. */
function clientFor(visitor: number): Client {
  const mark = markOf(visitor);
  const headers: Record<string, string> = { "User-Agent": `Mozilla/5.0 (X11; Linux x86_64) ${mark}` };
  if (visitor % 2 === 0) headers["Accept-Language"] = `x-${mark}${"x".repeat(visitor % 5)},en`;
  if (visitor % 3 === 0) headers.Referer = `https://${mark}.example/${"r".repeat((visitor * 37) % 300)}`;
  if (visitor % 7 === 0) headers["Sec-GPC"] = "1";
  return { peer: `192.0.2.${visitor % 250}`, headers };
}

describe("visitors", () => {
  test("createDecide writes nothing of another visitor by plans, whatever came before", () => {
    const twins = createTwins();
    const random = randomOf(28);
    const given: { readonly visitor: number; readonly payload: Uint8Array }[] = [];
    for (let visitor = 0; visitor < 4000; visitor++) {
      const shape = random.pick(USUAL_SHAPES);
      // A long value before a short one, and odd ones that a plan may leave half-way to the reference.
      const fill = () => {
        const text = random.oneIn(5)
          ? random.pick(ODD_VALUES)
          : "y".repeat(random.below(random.oneIn(9) ? 2000 : 30));
        return `${markOf(visitor)}${text}${random.oneIn(2) ? "%C3%BC" : ""}`;
      };
      const writeKey = random.oneIn(3) ? random.pick(POLICY_KEYS) : "wk_0";
      const decision = twins.decide(
        requestFrom(clientFor(visitor), writeTarget(shape, writeKey, fill), visitor),
      );
      if (decision.outcome === "accepted") given.push({ visitor, payload: decision.outgoing.payload });
    }
    for (const { visitor, payload } of given) {
      const marks = new Set([...payloadOf(payload).matchAll(MARK)].map(([, number]) => Number(number)));
      expect([...marks]).toEqual([visitor]);
    }
    twins.recheck();
    expect(twins.planned()).toBeGreaterThan(given.length / 4);
  });

  test("createDecide keeps who a visitor is out of an anonymised event, by plans too", () => {
    const twins = createTwins();
    const writeKeys = [
      keyOf({ privacySignals: "anonymise" }),
      keyOf({ privacySignals: "anonymise", dedupe: "messageId", destinations: ["lake"] }),
      keyOf({ privacySignals: "anonymise", anonymousId: "cookie", ip: "truncate" }),
    ];
    const keys =
      "anonymousId userId request_ip context.ip context.traits.email context.traits.name \\userId context.:ip context.traits.0 %75serId";
    let number = 0;
    for (const order of [keys, keys.split(" ").toReversed().join(" ")]) {
      for (const writeKey of writeKeys) {
        for (const client of ["gpc", "every flag"].map(clientOf)) {
          for (let visit = 0; visit < 5; visit++) {
            const shape = {
              type: "page" as const,
              keys: ["writeKey", ...order.split(" "), "properties.kept"],
            };
            const fill = (key: string) => (key === "properties.kept" ? "kept" : `secret${visit}%22%C3%BC`);
            const decision = twins.decide(requestFrom(client, writeTarget(shape, writeKey, fill), number++));
            if (decision.outcome !== "accepted") throw new Error("An anonymised event is an event");
            const text = payloadOf(decision.outgoing.payload);
            expect(text).not.toMatch(/secret|192\.0\.2/);
            expect(text).toContain('"kept":"kept"');
            expect(decision.outgoing.id).not.toContain("secret");
            expect(decision.setCookie).toBeNull();
          }
        }
      }
    }
    expect(twins.planned()).toBeGreaterThan(0);
  });
});

describe("bytes", () => {
  test("createDecide writes whole events by plans where one is as long as can be, many behind each other", () => {
    const twins = createTwins();
    // What grows most: six bytes for three letters or one, in two places.
    const letters = ["%01", "%22", "\u0001", "x", "\u0001", "%C3%BC"];
    for (let visit = 0; visit < 600; visit++) {
      const client = clientOf(visit % 9 === 0 ? "at the bounds" : "few");
      const letter = letters[visit % letters.length] ?? "";
      const cut = letter.repeat(((visit * 991) % 3900) / letter.length);
      const query = `writeKey=wk_0&properties.title=${cut}&properties.url=${visit}&name=${cut}&anonymousId=a`;
      twins.decide(requestFrom(client, `/pixel/v1/page?${query}`, visit));
    }
    twins.recheck();
    expect(twins.planned()).toBeGreaterThan(20);
  });

  test("createDecide gives a payload that ends where its event ends", () => {
    const twins = createTwins();
    for (let visit = 0; visit < 300; visit++) {
      const query = `writeKey=wk_0&userId=u&name=${"n".repeat((visit * 7) % 50)}`;
      const decision = twins.decide(requestFrom(clientOf("few"), `/pixel/v1/page?${query}`, visit));
      if (decision.outcome !== "accepted") throw new Error("An event of a known user is an event");
      JSON.parse(payloadOf(decision.outgoing.payload));
    }
    expect(twins.planned()).toBeGreaterThan(0);
  });
});
