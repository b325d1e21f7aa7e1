import { afterAll, expect, test } from "bun:test";
import { IDLE, openPorts } from "../support/ports.ts";
import { sendRaw } from "../support/socket.ts";
import { destination } from "../support/troubles.ts";

const TOKEN = "a-token-of-the-operator";
const ports = openPorts();
const named = openPorts({ allowedHosts: ["gateway"] });
const locked = openPorts({ token: TOKEN });
const { adminUrl, publicUrl } = ports;
afterAll(async () => {
  for (const each of [ports, named, locked]) {
    await each.close();
    expect(each.faults).toEqual([]);
  }
});

const ask = (path: string, init?: RequestInit) => fetch(`${adminUrl}${path}`, init);

const PROBES = ["/livez", "/readyz"];
const ROUTES = [
  "/",
  "/page/main.js",
  "/version",
  "/metrics",
  "/openapi.json",
  "/sources.json",
  "/status.json",
  "/explain?url=/pixel/v1/page",
];

for (const route of [...PROBES, ...ROUTES]) {
  test(`createAdmin guards ${route} against other sites and other methods`, async () => {
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

for (const route of [...ROUTES, "/nowhere"]) {
  test(`createAdmin answers ${route} to no name of a stranger, and to nobody without its token`, async () => {
    const rebound = { Host: "attacker.example:9090" };
    for (const method of ["GET", "HEAD"]) {
      expect((await ask(route, { method, headers: rebound })).status).toBe(421);
      const bare = await fetch(`${locked.adminUrl}${route}`, { method });
      expect([bare.status, bare.headers.get("www-authenticate")]).toEqual([
        401,
        expect.stringMatching(/^Basic /),
      ]);
    }
    const Authorization = `Bearer ${TOKEN}`;
    const known = await fetch(`${locked.adminUrl}${route}`, { headers: { Authorization } });
    expect(known.status).toBe(route === "/nowhere" ? 404 : 200);
    const both = await fetch(`${locked.adminUrl}${route}`, { headers: { Authorization, ...rebound } });
    expect(both.status).toBe(421);
  });
}

test("createAdmin opens the live feed for nobody without its token", async () => {
  expect((await fetch(`${locked.adminUrl}/live`)).status).toBe(401);
  expect((await fetch(`${locked.adminUrl}/live`, { method: "HEAD" })).status).toBe(401);
  expect(locked.live.isWatched).toBe(false);
});

for (const route of PROBES) {
  test(`createAdmin answers ${route} by any name and without its token`, async () => {
    for (const Host of ["attacker.example:9090", "gateway", "a!.evil.example", "10.1.2.3"]) {
      expect((await fetch(`${locked.adminUrl}${route}`, { headers: { Host } })).status).toBe(200);
    }
  });
}

test("createAdmin tells a probe that may not see the rest how many destinations are in trouble, and no name", async () => {
  const reason = "stream WAREHOUSE is full";
  const state = { ...IDLE, destinations: [destination("warehouse", { state: "shut" as const, reason })] };
  Object.assign(ports.world, { state });
  Object.assign(locked.world, { state });
  const named = `OK\ndestination warehouse is shut: ${reason}`;
  const counted = "OK\ndestinations: 1 of 1 in trouble";
  const tell = async (url: string, headers: Record<string, string>) =>
    await (await fetch(`${url}/readyz`, { headers })).text();
  expect(await tell(adminUrl, {})).toBe(named);
  expect(await tell(adminUrl, { Host: "attacker.example:9090" })).toBe(counted);
  expect(await tell(locked.adminUrl, {})).toBe(counted);
  expect(await tell(locked.adminUrl, { Authorization: `Bearer ${TOKEN}` })).toBe(named);
  for (const { world } of [ports, locked]) world.state = null;
});

test("createAdmin never says its token", async () => {
  const answers = await Promise.all(
    [...PROBES, ...ROUTES, "/nowhere"].map(async (route) => {
      const wrong = await fetch(`${locked.adminUrl}${route}`, {
        headers: { Authorization: `Bearer ${TOKEN}x` },
      });
      const right = await fetch(`${locked.adminUrl}${route}`, {
        headers: { Authorization: `Bearer ${TOKEN}` },
      });
      return JSON.stringify([...wrong.headers, await wrong.text(), ...right.headers, await right.text()]);
    }),
  );
  expect(answers.filter((answer) => answer.includes(TOKEN))).toEqual([]);
});

/** Requests byte by byte, to an admin port that knows the name `gateway`. */
const WIRE: readonly [what: string, head: string, status: number][] = [
  ["an IP address", "GET /version HTTP/1.1\r\nHost: 127.0.0.1:9090", 200],
  ["an allowed name", "GET /version HTTP/1.1\r\nHost: gateway:9090", 200],
  ["a stranger's name", "GET /version HTTP/1.1\r\nHost: evil.example", 421],
  ["a name that cannot be read", "GET /version HTTP/1.1\r\nHost: a!.evil.example", 400],
  ["a Host with a path to a probe", "GET /version HTTP/1.1\r\nHost: evil.example/livez?", 400],
  ["a Host with a user", "GET /version HTTP/1.1\r\nHost: localhost@evil.example", 400],
  ["an empty Host", "GET /version HTTP/1.1\r\nHost:", 400],
  ["no Host in HTTP/1.1", "GET /version HTTP/1.1", 400],
  ["no Host in HTTP/1.0", "GET /version HTTP/1.0", 200],
  ["a stranger's name in HTTP/1.0", "GET /version HTTP/1.0\r\nHost: evil.example", 421],
  ["a name that cannot be read in HTTP/1.0", "GET /version HTTP/1.0\r\nHost: a!.evil.example", 400],
  ["two Hosts, the first known", "GET /version HTTP/1.1\r\nHost: localhost\r\nHost: evil.example", 400],
  ["two Hosts, the last known", "GET /version HTTP/1.1\r\nHost: evil.example\r\nHost: localhost", 400],
  ["two Hosts that are the same", "GET /version HTTP/1.1\r\nHost: localhost\r\nHost: localhost", 400],
  ["an absolute target", "GET http://localhost/version HTTP/1.1\r\nHost: localhost", 200],
  [
    "an absolute target with a stranger's Host",
    "GET http://localhost/version HTTP/1.1\r\nHost: evil.example",
    421,
  ],
  ["an absolute target without Host in HTTP/1.0", "GET http://evil.example/version HTTP/1.0", 200],
  [
    "a target that begins with a stranger's name",
    "GET //evil.example/version HTTP/1.1\r\nHost: localhost",
    404,
  ],
];

for (const [what, head, status] of WIRE) {
  test(`createAdmin answers ${status} to ${what}`, async () => {
    const [response] = await sendRaw(Number(new URL(named.adminUrl).port), `${head}\r\n\r\n`);
    expect(response?.status).toBe(status);
    if (status === 200) expect(response?.body).toBe("1.2.3");
  });
}

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
