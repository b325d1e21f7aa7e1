import { afterAll, beforeEach, expect, test } from "bun:test";
import { IDLE, ONE_PROCESS, openPorts } from "../support/ports.ts";
import { destination, SHORT_WINDOW } from "../support/troubles.ts";

const ports = openPorts();
const { adminUrl, publicUrl, world } = ports;
beforeEach(() => {
  Object.assign(world, { state: null, isDraining: false, processes: ONE_PROCESS });
});
afterAll(async () => {
  await ports.close();
  expect(ports.faults).toEqual([]);
});

const ask = (path: string, init?: RequestInit) => fetch(`${adminUrl}${path}`, init);

test("createAdmin says that it lives, and which version", async () => {
  const alive = await ask("/livez");
  expect([alive.status, await alive.text()]).toEqual([200, "OK"]);
  expect(await (await ask("/version")).text()).toBe("1.2.3");
});

const states = [
  ["ready in the spool alone", {}, 200, /^OK$/],
  ["ready while NATS is down and the spool takes events", { state: { ...IDLE, nats: "down" } }, 200, /^OK$/],
  ["not ready while draining", { isDraining: true }, 503, /draining/],
  [
    "not ready while the spool is full",
    { state: { ...IDLE, nats: "up", spool: "full" } },
    503,
    /spool is full/,
  ],
  ["not ready while both are gone", { state: { ...IDLE, nats: "down", spool: "full" } }, 503, /NATS is down/],
] as const;

for (const [what, change, status, body] of states) {
  test(`createAdmin is ${what}`, async () => {
    Object.assign(world, change);
    const response = await ask("/readyz");
    expect(response.status).toBe(status);
    expect(await response.text()).toMatch(body);
    const alive = await ask("/livez");
    expect(alive.status).toBe(200);
  });
}

const SHUT = destination("warehouse", { state: "shut", reason: "stream WAREHOUSE is full", copies: 1203 });
const TROUBLED = { ...IDLE, destinations: [SHUT, destination("alerts")], findings: [SHORT_WINDOW] };

test("createAdmin is ready while a destination takes nothing, and says which", async () => {
  Object.assign(world, { state: TROUBLED, processes: { wanted: 2, running: 1, shedding: 0 } });
  const response = await ask("/readyz");
  expect([response.status, (await response.text()).split("\n")]).toEqual([
    200,
    [
      "OK",
      "workers: 1 of 2 not running",
      "destination warehouse is shut: stream WAREHOUSE is full, 1,203 copies spooled",
      "warning in stream WAREHOUSE: it forgets message ids after 10 s: what is relayed later can be in it twice",
    ],
  ]);
});

test("createAdmin names the obstacle alone while the gateway takes no event", async () => {
  Object.assign(world, { state: { ...TROUBLED, nats: "up", spool: "full" } });
  const response = await ask("/readyz");
  expect([response.status, await response.text()]).toEqual([503, "spool is full: it takes no event"]);
});

test("createAdmin tells the state of each destination and each finding as data", async () => {
  Object.assign(world, { state: TROUBLED });
  const { delivery } = (await (await ask("/status.json")).json()) as { delivery: unknown };
  expect(delivery).toEqual(TROUBLED);
});

test("createAdmin gives metrics of what the public port did", async () => {
  const before = ports.metrics.totals();
  await fetch(`${publicUrl}/pixel/v1/page?writeKey=wk_blog`);
  await fetch(`${publicUrl}/pixel/v1/page?writeKey=secret-guess`);
  const response = await ask("/metrics");
  expect(response.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
  const text = await response.text();
  expect(text).toContain('pixelgate_events_total{source="blog",type="page",outcome="spooled"}');
  expect(text).toContain('reason="invalid write key"');
  expect(text).not.toContain("secret-guess");
  expect(text).not.toContain("wk_blog");
  const { totals } = (await (await ask("/status.json")).json()) as { totals: typeof before };
  expect(totals.spooled).toBe(before.spooled + 1);
  expect(totals.rejected).toBe(before.rejected + 1);
});

test("createAdmin lists the sources for the builder", async () => {
  const answer = (await (await ask("/sources.json")).json()) as Record<string, unknown> & {
    sources: object[];
  };
  expect(answer.publicUrl).toBe(publicUrl);
  expect(answer.sources[0]).toEqual({
    id: "blog",
    writeKey: "wk_blog",
    enabled: true,
    destinations: { page: ["warehouse"], track: ["warehouse", "alerts"] },
  });
  expect(answer.destinations).toEqual([
    { id: "warehouse", streams: ["PIXEL"] },
    { id: "alerts", streams: ["PIXEL"] },
  ]);
});

test("createAdmin answers an unknown path with a plain 404", async () => {
  const response = await ask("/etc/passwd");
  expect([response.status, await response.text()]).toEqual([404, "not found"]);
});
