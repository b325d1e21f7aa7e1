import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Config, readConfig } from "../../src/config/environment.ts";
import { SETTINGS } from "../../src/config/settings.ts";

function configOf(environment: Record<string, string | undefined>): Config {
  const config = readConfig(environment);
  if (Array.isArray(config)) throw new Error(config.join("\n"));
  return config;
}

function faultsOf(environment: Record<string, string>): string[] {
  const config = readConfig(environment);
  return Array.isArray(config) ? config : [];
}

const NATS = { NATS_URL: "nats://127.0.0.1:4222" };

test("readConfig has the defaults of the contract", () => {
  expect(configOf({})).toEqual({
    host: "0.0.0.0",
    port: 8080,
    adminHost: "127.0.0.1",
    adminPort: 9090,
    adminAllowedHosts: [],
    adminToken: null,
    nats: null,
    configFile: null,
    dataDir: "./data",
    spoolMaxBytes: 1024 ** 3,
    spoolDestinationShare: 0.5,
    stream: { name: "PIXEL", prefix: "pixel", replicas: 1, maxAgeMs: 72 * 3_600_000, maxBytes: -1 },
    maxUrlBytes: 16_384,
    workers: 1,
    trustedProxies: null,
    logLevel: "info",
    shutdownDelayMs: 0,
    shutdownTimeoutMs: 10_000,
  });
});

test("readConfig takes a name that is empty or blank for one that is not set", () => {
  const names = Object.keys(SETTINGS);
  expect(readConfig(Object.fromEntries(names.map((name) => [name, " "])))).toEqual(configOf({}));
});

test("readConfig returns what nobody can change", () => {
  expect(Object.isFrozen(configOf({}))).toBe(true);
});

describe("values", () => {
  const rows: readonly [name: string, text: string, pick: (config: Config) => unknown, value: unknown][] = [
    ["HOST", "::1", (config) => config.host, "::1"],
    ["PORT", "0", (config) => config.port, 0],
    ["PORT", " 65535 ", (config) => config.port, 65535],
    ["ADMIN_TOKEN", " s3cret:/+= ", (config) => config.adminToken, "s3cret:/+="],
    ["ADMIN_PORT", "0", (config) => config.adminPort, 0],
    ["PIXELGATE_CONFIG", "/etc/pixelgate.json", (config) => config.configFile, "/etc/pixelgate.json"],
    ["PIXELGATE_DATA_DIR", "/var/lib/p", (config) => config.dataDir, "/var/lib/p"],
    ["PIXELGATE_SPOOL_MAX_BYTES", "2097152", (config) => config.spoolMaxBytes, 2_097_152],
    ["PIXELGATE_SPOOL_MAX_BYTES", "64MiB", (config) => config.spoolMaxBytes, 64 * 1024 ** 2],
    ["PIXELGATE_SPOOL_MAX_BYTES", "2g", (config) => config.spoolMaxBytes, 2 * 1024 ** 3],
    ["PIXELGATE_SPOOL_MAX_BYTES", "1 TB", (config) => config.spoolMaxBytes, 1024 ** 4],
    ["PIXELGATE_SPOOL_DESTINATION_SHARE", "25%", (config) => config.spoolDestinationShare, 0.25],
    ["PIXELGATE_STREAM", "EVENTS_2", (config) => config.stream.name, "EVENTS_2"],
    ["PIXELGATE_SUBJECT_PREFIX", "acme.pixel", (config) => config.stream.prefix, "acme.pixel"],
    ["PIXELGATE_STREAM_REPLICAS", "3", (config) => config.stream.replicas, 3],
    ["PIXELGATE_STREAM_MAX_AGE", "45s", (config) => config.stream.maxAgeMs, 45_000],
    ["PIXELGATE_STREAM_MAX_AGE", "250ms", (config) => config.stream.maxAgeMs, 250],
    ["PIXELGATE_STREAM_MAX_AGE", "30m", (config) => config.stream.maxAgeMs, 1_800_000],
    ["PIXELGATE_STREAM_MAX_AGE", "7d", (config) => config.stream.maxAgeMs, 7 * 86_400_000],
    ["PIXELGATE_STREAM_MAX_BYTES", "none", (config) => config.stream.maxBytes, -1],
    ["PIXELGATE_STREAM_MAX_BYTES", "10GiB", (config) => config.stream.maxBytes, 10 * 1024 ** 3],
    ["PIXELGATE_MAX_URL_BYTES", "65536", (config) => config.maxUrlBytes, 65_536],
    ["PIXELGATE_WORKERS", "4", (config) => config.workers, 4],
    ["PIXELGATE_WORKERS", "auto", (config) => config.workers, 0],
    ["LOG_LEVEL", "debug", (config) => config.logLevel, "debug"],
    ["SHUTDOWN_DELAY_MS", "5000", (config) => config.shutdownDelayMs, 5000],
    ["SHUTDOWN_TIMEOUT_MS", "0", (config) => config.shutdownTimeoutMs, 0],
  ];
  for (const [name, text, pick, value] of rows) {
    test(`readConfig reads ${name}=${text}`, () =>
      expect(pick(configOf({ [name]: text }))).toBe(value as never));
  }

  test("readConfig reads a list of NATS servers", () => {
    const { nats } = configOf({ NATS_URL: "nats://a:4222, tls://b:4223,c" });
    expect(nats?.servers).toEqual(["nats://a:4222", "tls://b:4223", "c"]);
  });

  test("readConfig reads the names of the admin port in lower case", () => {
    const { adminAllowedHosts } = configOf({ ADMIN_ALLOWED_HOSTS: "Gateway, pixelgate.example.com." });
    expect(adminAllowedHosts).toEqual(["gateway", "pixelgate.example.com"]);
  });

  test("readConfig reads user, password and token", () => {
    const { nats } = configOf({ ...NATS, NATS_USER: "u", NATS_PASSWORD: "p", NATS_TOKEN: "t" });
    expect(nats).toMatchObject({ user: "u", password: "p", token: "t" });
  });

  test("readConfig reads TLS first and the JetStream domain", () => {
    const { nats } = configOf({ ...NATS, NATS_TLS_FIRST: "true", NATS_JETSTREAM_DOMAIN: "hub" });
    expect(nats).toMatchObject({ tlsFirst: true, jetStreamDomain: "hub" });
    expect(configOf(NATS).nats).toMatchObject({ tlsFirst: false, jetStreamDomain: null });
  });

  test("readConfig reads trusted proxies: addresses and networks of both kinds", () => {
    const { trustedProxies } = configOf({ TRUSTED_PROXIES: "10.0.0.0/8, 192.0.2.1 ,fd00::/8,::1" });
    const isTrusted = (address: string, family: "ipv4" | "ipv6") => trustedProxies?.check(address, family);
    expect(isTrusted("10.255.0.1", "ipv4")).toBe(true);
    expect(isTrusted("11.0.0.1", "ipv4")).toBe(false);
    expect(isTrusted("192.0.2.1", "ipv4")).toBe(true);
    expect(isTrusted("192.0.2.2", "ipv4")).toBe(false);
    expect(isTrusted("fdff::1", "ipv6")).toBe(true);
    expect(isTrusted("::1", "ipv6")).toBe(true);
    expect(isTrusted("::2", "ipv6")).toBe(false);
  });
});

describe("faults", () => {
  test("readConfig names the setting, its text and what is the case", () => {
    expect(faultsOf({ PORT: "80a" })).toEqual(['Cannot read PORT: "80a" is not an integer from 0 to 65535']);
  });

  test("readConfig refuses a password without a user", () => {
    expect(faultsOf({ ...NATS, NATS_PASSWORD: "hunter2" })).toEqual([
      "Cannot read NATS_PASSWORD: NATS_USER is not set",
    ]);
  });

  test("readConfig refuses a client certificate without its key", () => {
    const folder = mkdtempSync(join(tmpdir(), "pixelgate-config-"));
    try {
      const certificate = join(folder, "cert.pem");
      writeFileSync(certificate, "");
      expect(faultsOf({ ...NATS, NATS_TLS_CERT: certificate })).toEqual([
        "Cannot read NATS_TLS_CERT: it goes with NATS_TLS_KEY, and only one is set",
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("readConfig refuses an NKey beside another way to say who one is, and tells the other faults, too", () => {
    const folder = mkdtempSync(join(tmpdir(), "pixelgate-config-"));
    try {
      const file = join(folder, "gateway.nk");
      writeFileSync(file, "");
      expect(configOf({ ...NATS, NATS_NKEY: file }).nats).toMatchObject({ nkeyFile: file });
      const others = { NATS_CREDS: file, NATS_TOKEN: "t", NATS_USER: "u", PORT: "x" };
      expect(faultsOf({ ...NATS, ...others, NATS_NKEY: file })).toEqual([
        'Cannot read PORT: "x" is not an integer from 0 to 65535',
        "Cannot use NATS_NKEY together with NATS_CREDS, NATS_TOKEN, NATS_USER: each says who one is",
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("readConfig refuses NATS settings without NATS_URL, which would do nothing", () => {
    expect(
      faultsOf({ NATS_USER: "u", NATS_TOKEN: "t", NATS_TLS_FIRST: "true", NATS_JETSTREAM_DOMAIN: "hub" }),
    ).toEqual([
      "Cannot use NATS_TOKEN, NATS_USER, NATS_TLS_FIRST, NATS_JETSTREAM_DOMAIN: NATS_URL is not set",
    ]);
    expect(faultsOf({ NATS_TLS_FIRST: "false" })).toEqual([]);
  });

  test("readConfig lists every fault at once", () => {
    const faults = faultsOf({ PORT: "a", ADMIN_PORT: "b", LOG_LEVEL: "c", PIXELGATE_WORKERS: "d" });
    expect(faults.map((fault) => fault.split(":")[0])).toEqual([
      "Cannot read PORT",
      "Cannot read ADMIN_PORT",
      "Cannot read PIXELGATE_WORKERS",
      "Cannot read LOG_LEVEL",
    ]);
  });

  test("readConfig tells no secret in a fault", () => {
    const faults = faultsOf({
      NATS_URL: "http://user:hunter2@a",
      NATS_TOKEN: "hunter2",
      NATS_PASSWORD: "hunter2",
      PORT: "x",
    });
    expect(faults.length).toBeGreaterThan(1);
    expect(faults.join("\n")).not.toContain("hunter2");
  });
});
