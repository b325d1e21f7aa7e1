// What the generators put on the wire: the same bytes, and an id in each request that no other has.
import { expect, test } from "bun:test";
import { unless } from "../support/unless.ts";
import { GENERATORS } from "./generators.ts";
import { FRESH_ID, type RequestHeaders } from "./load.ts";

const LOAD = {
  targets: [`/a?id=${FRESH_ID}&x=%22%5C`, "/b?y={}|\\", `/c?z=1&id=amp-${FRESH_ID}`],
  headers: [{ "User-Agent": 'One "quoted" \\ and more', Accept: "*/*" }, { "User-Agent": "Two" }],
  connections: 3,
  seconds: 1,
};

interface Seen {
  readonly target: string;
  readonly headers: RequestHeaders;
}

for (const generator of GENERATORS) {
  unless(generator.obstacle()).test(
    `generator ${generator.name} sends targets in turn with their headers, and no fresh id twice`,
    async () => {
      const seen: Seen[] = [];
      using server = Bun.serve({
        port: 0,
        fetch(request) {
          const { pathname, search } = new URL(request.url);
          seen.push({ target: pathname + search, headers: request.headers.toJSON() });
          return new Response("OK");
        },
      });
      const { requests, notOk } = await generator.send({ ...LOAD, port: server.port ?? 0 });
      expect(requests).toBeGreaterThan(100);
      expect(notOk).toBe(0);
      const shapes = new Set(seen.map(shapeOf));
      const host = "127.0.0.1";
      expect([...shapes].toSorted()).toEqual([
        shape("/a?id=ID&x=%22%5C", { accept: "*/*", host, "user-agent": 'One "quoted" \\ and more' }),
        shape("/b?y={}|\\", { host, "user-agent": "Two" }),
        shape("/c?z=1&id=amp-ID", { accept: "*/*", host, "user-agent": 'One "quoted" \\ and more' }),
      ]);
      const ids = seen.flatMap(({ target }) => /id=(?:amp-)?(\w{22})/.exec(target)?.[1] ?? []);
      expect(ids.length).toBeGreaterThan(60);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids).not.toContain(FRESH_ID);
    },
    20_000,
  );
}

function shapeOf({ target, headers }: Seen): string {
  return shape(target.replace(/\w{22}/, "ID"), headers);
}

function shape(target: string, headers: RequestHeaders): string {
  const entries = Object.entries(headers).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `${target} ${JSON.stringify(entries)}`;
}

test("every generator has a name of its own", () => {
  expect(new Set(GENERATORS.map(({ name }) => name)).size).toBe(GENERATORS.length);
});
