import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Config, readConfig } from "../../src/config/environment.ts";
import { SETTINGS } from "../../src/config/settings.ts";
import { COMMANDS, runCommand } from "../support/gatewayprocess.ts";

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
    nats: null,
    configFile: null,
    dataDir: "./data",
    spoolMaxBytes: 1024 ** 3,
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
    ["ADMIN_PORT", "0", (config) => config.adminPort, 0],
    ["PIXELGATE_CONFIG", "/etc/pixelgate.json", (config) => config.configFile, "/etc/pixelgate.json"],
    ["PIXELGATE_DATA_DIR", "/var/lib/p", (config) => config.dataDir, "/var/lib/p"],
    ["PIXELGATE_SPOOL_MAX_BYTES", "2097152", (config) => config.spoolMaxBytes, 2_097_152],
    ["PIXELGATE_SPOOL_MAX_BYTES", "64MiB", (config) => config.spoolMaxBytes, 64 * 1024 ** 2],
    ["PIXELGATE_SPOOL_MAX_BYTES", "2g", (config) => config.spoolMaxBytes, 2 * 1024 ** 3],
    ["PIXELGATE_SPOOL_MAX_BYTES", "1 TB", (config) => config.spoolMaxBytes, 1024 ** 4],
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

  test("readConfig reads user, password and token", () => {
    const { nats } = configOf({ ...NATS, NATS_USER: "u", NATS_PASSWORD: "p", NATS_TOKEN: "t" });
    expect(nats).toMatchObject({ user: "u", password: "p", token: "t" });
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
  const rows: readonly [name: string, text: string, fault: string][] = [
    ["PORT", "80a", 'Cannot read PORT: "80a" is not an integer from 0 to 65535'],
    ["PORT", "65536", 'Cannot read PORT: "65536" is not an integer from 0 to 65535'],
    ["PORT", "-1", 'Cannot read PORT: "-1" is not an integer from 0 to 65535'],
    ["PORT", "1e3", 'Cannot read PORT: "1e3" is not an integer from 0 to 65535'],
    ["PORT", "80.5", 'Cannot read PORT: "80.5" is not an integer from 0 to 65535'],
    ["ADMIN_PORT", "x", 'Cannot read ADMIN_PORT: "x" is not an integer from 0 to 65535'],
    [
      "PIXELGATE_SPOOL_MAX_BYTES",
      "lots",
      'Cannot read PIXELGATE_SPOOL_MAX_BYTES: "lots" is not a size such as 1GiB, 64MiB or 1048576',
    ],
    [
      "PIXELGATE_SPOOL_MAX_BYTES",
      "1",
      'Cannot read PIXELGATE_SPOOL_MAX_BYTES: "1" is less than 1048576 bytes',
    ],
    [
      "PIXELGATE_STREAM_MAX_BYTES",
      "all",
      'Cannot read PIXELGATE_STREAM_MAX_BYTES: "all" is not a size such as 1GiB, 64MiB or 1048576',
    ],
    [
      "PIXELGATE_STREAM_MAX_AGE",
      "72",
      'Cannot read PIXELGATE_STREAM_MAX_AGE: "72" is not a duration such as 72h, 30m or 45s',
    ],
    [
      "PIXELGATE_STREAM_MAX_AGE",
      "1.5h",
      'Cannot read PIXELGATE_STREAM_MAX_AGE: "1.5h" is not a duration such as 72h, 30m or 45s',
    ],
    [
      "PIXELGATE_STREAM_REPLICAS",
      "6",
      'Cannot read PIXELGATE_STREAM_REPLICAS: "6" is not an integer from 1 to 5',
    ],
    [
      "PIXELGATE_STREAM",
      "A.B",
      'Cannot read PIXELGATE_STREAM: "A.B" is not made of letters, digits, - and _',
    ],
    [
      "PIXELGATE_SUBJECT_PREFIX",
      "pixel.>",
      'Cannot read PIXELGATE_SUBJECT_PREFIX: "pixel.>" is not made of letters, digits, - and _, not beginning with _',
    ],
    [
      "PIXELGATE_SUBJECT_PREFIX",
      "_pixel",
      'Cannot read PIXELGATE_SUBJECT_PREFIX: "_pixel" is not made of letters, digits, - and _, not beginning with _',
    ],
    [
      "PIXELGATE_SUBJECT_PREFIX",
      "a..b",
      'Cannot read PIXELGATE_SUBJECT_PREFIX: "a..b" is not made of letters, digits, - and _, not beginning with _',
    ],
    [
      "PIXELGATE_MAX_URL_BYTES",
      "65537",
      'Cannot read PIXELGATE_MAX_URL_BYTES: "65537" is not an integer from 256 to 65536',
    ],
    ["PIXELGATE_WORKERS", "0", 'Cannot read PIXELGATE_WORKERS: "0" is not an integer from 1 to 256'],
    ["LOG_LEVEL", "loud", 'Cannot read LOG_LEVEL: "loud" is not one of debug, info, warn, error, silent'],
    [
      "LOG_LEVEL",
      "information",
      'Cannot read LOG_LEVEL: "information" is not one of debug, info, warn, error, silent',
    ],
    [
      "SHUTDOWN_TIMEOUT_MS",
      "10s",
      'Cannot read SHUTDOWN_TIMEOUT_MS: "10s" is not an integer from 0 to 600000',
    ],
    ...[
      "10.0.0.0/33",
      "10.0.0.0/",
      "10.0.0.0/8/9",
      "300.0.0.1",
      "proxy.example",
      "10.0.0.1,",
      "fd00::/129",
      "10.0.0.0/-1",
    ].map((text): [string, string, string] => [
      "TRUSTED_PROXIES",
      text,
      `Cannot read TRUSTED_PROXIES: "${text}" is not a list of addresses or networks such as 10.0.0.0/8,fd00::/8`,
    ]),
    ...["http://a:4222", "nats://", "nats://a:4222,,nats://b"].map((text): [string, string, string] => [
      "NATS_URL",
      text,
      "Cannot read NATS_URL: the value is not a list of servers such as nats://localhost:4222,nats://other:4222",
    ]),
  ];
  for (const [name, text, fault] of rows) {
    test(`readConfig refuses ${name}=${text}`, () => expect(faultsOf({ [name]: text })).toEqual([fault]));
  }

  test("readConfig refuses files that are not there", () => {
    for (const name of ["NATS_CREDS", "NATS_TLS_CA"]) {
      expect(faultsOf({ ...NATS, [name]: "/nowhere/file" })).toEqual([
        `Cannot read ${name}: "/nowhere/file" does not exist`,
      ]);
    }
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

  test("readConfig refuses NATS settings without NATS_URL, which would do nothing", () => {
    expect(faultsOf({ NATS_USER: "u", NATS_TOKEN: "t" })).toEqual([
      "Cannot use NATS_TOKEN, NATS_USER: NATS_URL is not set",
    ]);
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

test("SETTINGS say for every name what it is for", () => {
  for (const [name, { help }] of Object.entries(SETTINGS)) expect(help, name).toMatch(/\S/);
});

describe("as a process", () => {
  for (const runtime of ["bun", "deno"] as const) {
    test(`pixelgate on ${runtime} ends with exit code 2 and names every fault of environment and file`, async () => {
      const folder = mkdtempSync(join(tmpdir(), "pixelgate-config-"));
      try {
        const file = join(folder, "pixelgate.json");
        const content = {
          sources: [{ id: "a.b", writeKey: "wk_secret", destinations: ["x"] }],
          destinations: [{ id: "y" }],
        };
        writeFileSync(file, JSON.stringify(content));
        const env = {
          PORT: "80a",
          LOG_LEVEL: "loud",
          NATS_URL: "http://user:hunter2@127.0.0.1",
          PIXELGATE_CONFIG: file,
          PIXELGATE_DATA_DIR: folder,
        };
        expect(await runCommand([], env, COMMANDS[runtime])).toEqual({
          code: 2,
          stdout: "",
          stderr: [
            'Cannot read PORT: "80a" is not an integer from 0 to 65535',
            "Cannot read NATS_URL: the value is not a list of servers such as nats://localhost:4222,nats://other:4222",
            'Cannot read LOG_LEVEL: "loud" is not one of debug, info, warn, error, silent',
            `Cannot use ${file}: sources[0].id: must be 1 to 64 of A-Z a-z 0-9 _ -, and cannot begin with _`,
            `Cannot use ${file}: sources[0].destinations[0]: no destination has the id "x"`,
            "",
          ].join("\n"),
        });
      } finally {
        rmSync(folder, { recursive: true });
      }
    }, 20_000);
  }

  test("pixelgate ends with exit code 2 for a word it does not know", async () => {
    for (const words of [["serv"], ["--colour"], ["serve", "now"]]) {
      const { code, stdout, stderr } = await runCommand(words);
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toMatch(/^Cannot [^\n]+: [^\n]+\n$/);
    }
  }, 20_000);
});
