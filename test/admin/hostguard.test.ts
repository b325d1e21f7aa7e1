import { expect, test } from "bun:test";
import { guardHost, guardOrigin, readHost } from "../../src/admin/hostguard.ts";

type Headers = Readonly<Record<string, string>>;

function ask(headers: Headers, method = "GET"): Request {
  return new Request("http://127.0.0.1:9090/", { method, headers });
}

const hosts: readonly [what: string, headers: Headers, host: string | null][] = [
  ["a name", { Host: "gateway" }, "gateway"],
  ["a name with a port", { Host: "gateway.example.com:9090" }, "gateway.example.com"],
  ["a name with the dot of the root", { Host: "gateway.example.com.:9090" }, "gateway.example.com"],
  ["capitals", { Host: "LocalHost:9090" }, "localhost"],
  ["an IPv4 address", { Host: "10.1.2.3:9090" }, "10.1.2.3"],
  ["an IPv6 address", { Host: "[::1]:9090" }, "[::1]"],
  ["an IPv6 address in capitals", { Host: "[FE80::1]" }, "[fe80::1]"],
  ["no Host, which no browser sends, as localhost", {}, "localhost"],
  ["an empty Host as nothing", { Host: "" }, null],
  ["a dot as nothing", { Host: "." }, null],
  ["an IPv6 address without brackets as nothing", { Host: "::1" }, null],
  ["brackets around no address as nothing", { Host: "[::1.evil]" }, null],
  ["brackets around a number as nothing", { Host: "[1]" }, null],
  ["a port of six digits as nothing", { Host: "gateway:123456" }, null],
  ["a name that no DNS forbids and no URL allows as nothing", { Host: "a!.evil.example" }, null],
  ["an encoded name as nothing", { Host: "%6cocalhost" }, null],
  ["two names as nothing", { Host: "localhost, evil.example" }, null],
  ["a Host with a directive of a policy as nothing", { Host: "x; script-src *" }, null],
  ["a Host with a path as nothing", { Host: "localhost/x" }, null],
  ["a Host with user and password as nothing", { Host: "a:b@localhost" }, null],
];

for (const [what, headers, host] of hosts) {
  test(`readHost reads ${what}`, () => {
    expect(readHost(ask(headers))).toBe(host);
  });
}

const methods: readonly [method: string, status: number | null][] = [
  ["GET", null],
  ["HEAD", null],
  ["POST", 405],
  ["PUT", 405],
  ["PATCH", 405],
  ["DELETE", 405],
  ["OPTIONS", 405],
];

for (const [method, status] of methods) {
  test(`guardOrigin ${status === null ? "admits" : "refuses"} ${method}`, () => {
    const refusal = guardOrigin(ask({ Host: "localhost" }, method));
    expect(refusal?.status ?? null).toBe(status);
    if (status !== null) expect(refusal?.headers).toEqual({ Allow: "GET, HEAD" });
  });
}

/** What a browser says of where a request comes from, and how. */
const sites: readonly [site: string | null, mode: string | null, status: number | null][] = [
  [null, null, null],
  ["none", "navigate", null],
  ["same-origin", "cors", null],
  ["same-origin", "no-cors", null],
  ["same-site", "navigate", null],
  ["same-site", "no-cors", 403],
  ["same-site", "cors", 403],
  ["cross-site", "navigate", null],
  ["cross-site", "no-cors", 403],
  ["cross-site", "cors", 403],
  ["cross-site", null, 403],
];

for (const [site, mode, status] of sites) {
  test(`guardOrigin ${status === null ? "admits" : "refuses"} Sec-Fetch-Site ${site} with mode ${mode}`, () => {
    const headers = {
      ...(site === null ? {} : { "Sec-Fetch-Site": site }),
      ...(mode === null ? {} : { "Sec-Fetch-Mode": mode }),
    };
    expect(guardOrigin(ask(headers))?.status ?? null).toBe(status);
  });
}

/** DNS rebinding: a page of attacker.example whose name now points to this machine. */
const names: readonly [host: string, allowed: readonly string[], status: number | null][] = [
  ["localhost:9090", [], null],
  ["a.localhost", [], null],
  ["127.0.0.1:9090", [], null],
  ["10.1.2.3:9090", [], null],
  ["[::1]:9090", [], null],
  ["[::ffff:127.0.0.1]:9090", [], null],
  ["gateway:9090", [], 421],
  ["gateway:9090", ["gateway"], null],
  ["GateWay.:9090", ["gateway"], null],
  ["gateway.example.com", ["gateway", "gateway.example.com"], null],
  ["gateway.example.com", ["example.com"], 421],
  ["attacker.example:9090", [], 421],
  ["attacker.example:9090", ["gateway"], 421],
  ["attacker.localhost.example", [], 421],
  ["attacker.notlocalhost", [], 421],
  ["notlocalhost", [], 421],
  ["127.0.0.1.example", [], 421],
  ["1.2.3.4.5", [], 421],
  ["127.1", [], 421],
  ["a!.evil.example", [], 400],
  ["localhost, attacker.example", [], 400],
  ["", [], 400],
];

for (const [host, allowed, status] of names) {
  const verdict = status === null ? "admits" : `refuses with ${status}`;
  test(`guardHost ${verdict} "${host}" where ${allowed.join(", ") || "no name"} is allowed`, () => {
    expect(guardHost(ask({ Host: host }), allowed)?.status ?? null).toBe(status);
  });
}

test("guardHost tells the operator which setting lets a name in, and how to go without", () => {
  expect(guardHost(ask({ Host: "attacker.example" }), [])).toEqual({
    status: 421,
    reason:
      "Cannot serve this host name: it is not in ADMIN_ALLOWED_HOSTS. Open the admin port by an IP address or localhost",
    headers: {},
  });
});
