import { afterAll, expect, test } from "bun:test";
import { openPorts } from "../support/ports.ts";

const ports = openPorts();
/** Not on a loopback address, as far as it knows. */
const open = openPorts("0.0.0.0");
const { adminUrl, publicUrl } = ports;
afterAll(async () => {
  for (const each of [ports, open]) {
    await each.close();
    expect(each.faults).toEqual([]);
  }
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
