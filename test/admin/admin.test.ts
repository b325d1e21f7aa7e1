import { afterAll, beforeEach, expect, test } from "bun:test";
import { IDLE, openPorts } from "../support/ports.ts";
import { until } from "../support/until.ts";

const ports = openPorts();
const { adminUrl, publicUrl, world } = ports;
const closing = [ports];
afterAll(async () => {
  for (const open of closing) await open.close();
  expect(ports.faults).toEqual([]);
});
beforeEach(() => {
  Object.assign(world, { state: null, isDraining: false });
});

const ask = (path: string, init?: RequestInit) => fetch(`${adminUrl}${path}`, init);
const ROUTES = [
  "/",
  "/livez",
  "/readyz",
  "/version",
  "/metrics",
  "/openapi.json",
  "/sources.json",
  "/status.json",
];

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
  const answer = (await (await ask("/sources.json")).json()) as { publicUrl: string; sources: object[] };
  expect(answer.publicUrl).toBe(publicUrl);
  expect(answer.sources[0]).toEqual({
    id: "blog",
    writeKey: "wk_blog",
    enabled: true,
    destinations: { page: ["warehouse"], track: ["warehouse", "alerts"] },
  });
});

const questions = [
  ["an encoded URL", `url=${encodeURIComponent("/pixel/v1/track?writeKey=wk_blog&event=Hi&userId=u1")}`],
  ["a URL pasted as it is", "url=/pixel/v1/track?writeKey=wk_blog&event=Hi&userId=u1"],
  ["a whole URL", "url=https://px.example.com/pixel/v1/track?writeKey=wk_blog&event=Hi&userId=u1"],
] as const;

for (const [what, query] of questions) {
  test(`createAdmin explains ${what} and publishes nothing`, async () => {
    const kept = ports.kept.length;
    const totals = ports.metrics.totals();
    const response = await ask(`/explain?header=Referer:%20https://example.com/&peer=192.0.2.9&${query}`, {
      headers: { "User-Agent": "operator", "Accept-Language": "xx", Cookie: "a=b", DNT: "1" },
    });
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    const explanation = (await response.json()) as {
      event: { context: object; userId: string };
      messages: object[];
    };
    expect(explanation).toMatchObject({ outcome: "accepted", status: 200, type: "track", source: "blog" });
    expect(explanation.event).toMatchObject({ event: "Hi", userId: "u1", request_ip: "192.0.2.9" });
    // Those of the question, and none of the operator's own.
    expect(explanation.event.context).toMatchObject({
      page: { url: "https://example.com/" },
      gateway: { flags: [] },
    });
    expect(explanation.event.context).not.toHaveProperty("userAgent");
    expect(explanation.event.context).not.toHaveProperty("locale");
    expect(explanation.messages).toHaveLength(2);
    expect(ports.kept.length).toBe(kept);
    expect(ports.metrics.totals()).toEqual(totals);
  });
}

test("createAdmin says what it cannot explain", async () => {
  const empty = await ask("/explain");
  expect(empty.status).toBe(400);
  expect(await empty.json()).toEqual({ error: expect.stringMatching(/^Cannot explain: no url given/) });
  const broken = await ask("/explain?header=no%20colon&url=/pixel/v1/page");
  expect(broken.status).toBe(400);
  const long = await ask(`/explain?url=${"x".repeat(9000)}`);
  expect(await long.json()).toMatchObject({ outcome: "rejected", status: 404 });
});

/** Reads a stream until its text fits. */
async function readLive(
  query: string,
  act: () => Promise<unknown>,
  fits: (text: string) => boolean,
): Promise<string> {
  const abort = new AbortController();
  const response = await ask(`/live${query}`, { signal: abort.signal });
  expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
  if (response.body === null) throw new Error("no body");
  await act();
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body) {
    text += decoder.decode(chunk, { stream: true });
    if (fits(text)) break;
  }
  abort.abort();
  return text;
}

test("createAdmin streams accepted and refused requests as they happen", async () => {
  const text = await readLive(
    "",
    async () => {
      await fetch(`${publicUrl}/pixel/v1/page?writeKey=wk_blog&name=Streamed`);
      await fetch(`${publicUrl}/pixel/v1/track?writeKey=wk_blog`);
      await fetch(`${publicUrl}/pixel/v1/page?writeKey=nobody`);
    },
    (text) => text.includes("invalid write key"),
  );
  const records = [...text.matchAll(/^data: (.*)$/gm)].map(([, json]) => JSON.parse(json ?? ""));
  expect(records).toMatchObject([
    { outcome: "spooled", sourceId: "blog", destinations: ["warehouse"], event: { name: "Streamed" } },
    { outcome: "rejected", status: 400, reason: "track: Mandatory field 'event' missing", event: null },
    { outcome: "rejected", sourceId: null, reason: "invalid write key" },
  ]);
});

test("createAdmin streams only what the filter admits", async () => {
  const text = await readLive(
    "?outcome=rejected&source=blog",
    async () => {
      await fetch(`${publicUrl}/pixel/v1/page?writeKey=wk_blog`);
      await fetch(`${publicUrl}/pixel/v1/page?writeKey=nobody`);
      await fetch(`${publicUrl}/pixel/v1/track?writeKey=wk_blog&a=wanted`);
    },
    (text) => text.includes("a=wanted"),
  );
  expect(text.match(/^data: /gm)).toHaveLength(1);
});

test("createAdmin refuses a filter that it cannot read", async () => {
  const response = await ask("/live?type=identify");
  expect([response.status, await response.text()]).toEqual([
    400,
    'Cannot filter by type: "identify" is not page or track',
  ]);
});

test("createAdmin stops watching when the last viewer is gone", async () => {
  await readLive(
    "",
    async () => expect(ports.live.isWatched).toBe(true),
    (text) => text.includes("watching"),
  );
  await until("nobody watches", () => !ports.live.isWatched);
  expect(ports.live.isWatched).toBe(false);
});

test("createAdmin opens no stream for HEAD", async () => {
  const response = await ask("/live", { method: "HEAD" });
  expect(response.status).toBe(200);
  expect(ports.live.isWatched).toBe(false);
});

for (const route of ROUTES) {
  test(`createAdmin guards ${route}`, async () => {
    const response = await ask(route);
    expect(response.status).toBe(200);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response.headers.get("content-security-policy")).toMatch(
      /^default-src 'none'.*frame-ancestors 'none'/,
    );
    expect(response.headers.get("cross-origin-resource-policy")).toBe("same-origin");
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect((await ask(route, { method: "HEAD" })).status).toBe(200);

    const posted = await ask(route, { method: "POST", body: "x" });
    expect([posted.status, posted.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    const rebound = await ask(route, { headers: { Host: "attacker.example:9090" } });
    expect(rebound.status).toBe(421);
    const foreign = await ask(route, {
      headers: { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors" },
    });
    expect(foreign.status).toBe(403);
    const followed = await ask(route, {
      headers: { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate" },
    });
    expect(followed.status).toBe(200);
  });
}

test("createAdmin answers to names of this machine and to addresses", async () => {
  for (const Host of ["localhost:9090", "pixelgate:9090", "10.1.2.3:9090", "[::1]:9090", "a.localhost"]) {
    expect((await ask("/version", { headers: { Host } })).status).toBe(200);
  }
});

test("createAdmin answers to any name when it does not listen on a loopback address", async () => {
  const open = openPorts("0.0.0.0");
  closing.push(open);
  const headers = { Host: "pixelgate.example.com" };
  expect((await fetch(`${open.adminUrl}/version`, { headers })).status).toBe(200);
});

test("createAdmin lets the page load its own files and the test pixel alone", async () => {
  const policy = (await ask("/", { headers: { Host: "localhost:9090" } })).headers.get(
    "content-security-policy",
  );
  const port = new URL(publicUrl).port;
  expect(policy).toContain(`img-src 'self' http://localhost:${port};`);
  expect(policy).not.toContain("unsafe");
  const hostile = await ask("/", { headers: { Host: "x; script-src *" } });
  expect(hostile.headers.get("content-security-policy")).not.toContain("script-src *");
});

test("createAdmin answers an unknown path with a plain 404", async () => {
  const response = await ask("/etc/passwd");
  expect([response.status, await response.text()]).toEqual([404, "not found"]);
});
