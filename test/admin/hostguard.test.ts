import { expect, test } from "bun:test";
import { guardHost, readHost } from "../../src/admin/hostguard.ts";

type Headers = Readonly<Record<string, string>>;

function ask(headers: Headers, method = "GET"): Request {
  return new Request("http://127.0.0.1:9090/", { method, headers });
}

const hosts: readonly [what: string, headers: Headers, host: string][] = [
  ["a name", { Host: "gateway" }, "gateway"],
  ["a name with a port", { Host: "gateway.example.com:9090" }, "gateway.example.com"],
  ["capitals", { Host: "LocalHost:9090" }, "localhost"],
  ["an IPv4 address", { Host: "10.1.2.3:9090" }, "10.1.2.3"],
  ["an IPv6 address", { Host: "[::1]:9090" }, "[::1]"],
  ["an IPv6 address in capitals", { Host: "[FE80::1]" }, "[fe80::1]"],
  ["no Host", {}, "localhost"],
  ["an empty Host", { Host: "" }, "localhost"],
  ["an IPv6 address without brackets", { Host: "::1" }, "localhost"],
  ["a port of six digits", { Host: "gateway:123456" }, "localhost"],
  ["a Host with a directive of a policy", { Host: "x; script-src *" }, "localhost"],
  ["a Host with a path", { Host: "gateway/x" }, "localhost"],
  ["a Host with user and password", { Host: "a:b@gateway" }, "localhost"],
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
  test(`guardHost ${status === null ? "admits" : "refuses"} ${method}`, () => {
    const refusal = guardHost(ask({ Host: "localhost" }, method), "0.0.0.0");
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
  test(`guardHost ${status === null ? "admits" : "refuses"} Sec-Fetch-Site ${site} with mode ${mode}`, () => {
    const headers = {
      ...(site === null ? {} : { "Sec-Fetch-Site": site }),
      ...(mode === null ? {} : { "Sec-Fetch-Mode": mode }),
    };
    expect(guardHost(ask(headers), "127.0.0.1")?.status ?? null).toBe(status);
  });
}

/** DNS rebinding: a page of attacker.example whose name now points to this machine. */
const names: readonly [host: string, listenHost: string, status: number | null][] = [
  ["localhost:9090", "127.0.0.1", null],
  ["a.localhost", "127.0.0.1", null],
  ["gateway:9090", "127.0.0.1", null],
  ["127.0.0.1:9090", "127.0.0.1", null],
  ["10.1.2.3:9090", "127.0.0.1", null],
  ["[::1]:9090", "::1", null],
  ["[::ffff:127.0.0.1]:9090", "127.0.0.1", null],
  ["attacker.example:9090", "127.0.0.1", 421],
  ["attacker.example:9090", "127.9.9.9", 421],
  ["attacker.example", "localhost", 421],
  ["attacker.example", "::1", 421],
  ["attacker.localhost.example", "127.0.0.1", 421],
  ["attacker.notlocalhost", "127.0.0.1", 421],
  ["127.0.0.1.example", "127.0.0.1", 421],
  ["1.2.3.4.5", "127.0.0.1", 421],
  ["attacker.example:9090", "0.0.0.0", null],
  ["gateway.example.com", "::", null],
  ["gateway.example.com", "192.0.2.1", null],
];

for (const [host, listenHost, status] of names) {
  test(`guardHost ${status === null ? "admits" : "refuses"} ${host} on ${listenHost}`, () => {
    expect(guardHost(ask({ Host: host }), listenHost)?.status ?? null).toBe(status);
  });
}

test("guardHost tells the operator which address to open", () => {
  expect(guardHost(ask({ Host: "attacker.example" }), "127.0.0.1")).toEqual({
    status: 421,
    reason: "Cannot serve this host name: the admin port is for this machine: open http://localhost",
    headers: {},
  });
});
