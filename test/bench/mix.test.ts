// The mix is what it says: many orders of keys, browsers and sites, and nothing that the gateway would refuse.
import { expect, test } from "bun:test";
import { decideDemo } from "./demo.ts";
import { FRESH_ID, writeRequests } from "./load.ts";
import { mix, mixLoad } from "./mix.ts";

test("mix has at least 12 orders of keys, and every kind has one of its own", () => {
  const orders = new Map(mix.map(({ kind, target }) => [keysOf(target), kind]));
  expect(orders.size).toBeGreaterThanOrEqual(12);
  expect(orders.size).toBe(new Set(mix.map(({ kind }) => kind)).size);
});

function keysOf(target: string): string {
  const query = target.slice(target.indexOf("?") + 1);
  return query.replace(/=[^&]*/g, "");
}

test("mix has an id in each request that no other has", () => {
  expect(mix.filter(({ target }) => target.split(FRESH_ID).length !== 2)).toEqual([]);
});

test("mix has nothing but ASCII and no blank, as a request line has to", () => {
  const text = writeRequests(mixLoad("browser")).join("");
  expect(text).toMatch(/^[\r\n -~]*$/);
  expect(mix.filter(({ target }) => target.includes(" "))).toEqual([]);
});

test("mix has titles in German, French, Japanese and emoji, and URLs that are encoded twice", () => {
  const text = mix.map(({ target }) => target).join("\n");
  for (const part of ["ß", "À", "会", "🚋"]) expect(text).toContain(encodeURIComponent(part));
  expect(text).toContain("utm_campaign%3Dtram%2520line");
});

test("mix has nothing that the gateway refuses or drops", () => {
  const decide = decideDemo(null);
  const outcomes = mix.map(({ target, headers }) => {
    const type = target.startsWith("/pixel/v1/page") ? ("page" as const) : ("track" as const);
    const pathForm = /^[^?]*\.gif\?/.test(target) ? ("gif" as const) : null;
    const request = { type, pathForm, url: target, peer: "127.0.0.1", receivedMs: 0 };
    return decide({ ...request, headers: new Headers(headers) }).outcome;
  });
  expect(new Set(outcomes)).toEqual(new Set(["accepted"]));
});

test("mixLoad sends the same targets with few headers: those of a browser, or its name alone", () => {
  const [whole, few] = [mixLoad("browser"), mixLoad("few")];
  expect(few.targets).toEqual(whole.targets);
  expect(few.headers).toEqual(
    whole.headers.map((headers) => ({ "User-Agent": headers["User-Agent"] ?? "none" })),
  );
  expect(Math.max(...whole.headers.map((headers) => Object.keys(headers).length))).toBeGreaterThan(8);
});
