import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { loadConfiguration } from "../../src/config/configuration.ts";
import { defaultStream, readConfig } from "../../src/config/environment.ts";
import { SETTINGS, type Setting } from "../../src/config/settings.ts";
import { PASTES, piecesOf } from "../support/secrets.ts";

type Name = keyof typeof SETTINGS;
const NAMES = Object.keys(SETTINGS) as Name[];
const PATHS: readonly Name[] = [
  "NATS_CREDS",
  "NATS_NKEY",
  "NATS_TLS_CA",
  "NATS_TLS_CERT",
  "NATS_TLS_KEY",
  "PIXELGATE_CONFIG",
  "PIXELGATE_DATA_DIR",
];

const folder = mkdtempSync(join(tmpdir(), "pixelgate-secrets-"));
afterAll(() => rmSync(folder, { recursive: true }));

function faultsOf(environment: Record<string, string>): string[] {
  const config = readConfig({ NATS_URL: "nats://127.0.0.1", ...environment });
  return Array.isArray(config) ? config : [];
}

describe("a file's contents in the place of its path", () => {
  const contents: readonly [what: string, text: string][] = [
    ["a PEM", "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\n-----END PRIVATE KEY-----"],
    ["a PEM in one line", "-----BEGIN NATS USER JWT----- eyJ0eXAi"],
    ["JSON", '{"sources":[{"writeKey":"hunter2"}]}'],
    ["lines", "hunter2\nhunter3"],
    ["more than a path can be", "hunter2/".repeat(600)],
  ];
  for (const name of PATHS) {
    for (const [what, text] of contents) {
      test(`readConfig does not show ${what} in ${name}`, () => {
        expect(faultsOf({ [name]: text })).toContain(
          `Cannot read ${name}: it holds the contents of a file, not its path`,
        );
      });
    }
  }

  test("readConfig takes what exists for a path, whatever it looks like", () => {
    const odd = join(folder, "{BEGIN}");
    mkdirSync(odd);
    writeFileSync(join(odd, "nats.creds"), "");
    expect(faultsOf({ NATS_CREDS: join(odd, "nats.creds"), PIXELGATE_DATA_DIR: odd })).toEqual([]);
  });

  test("readConfig shows a path that leads nowhere", () => {
    expect(faultsOf({ NATS_CREDS: "/nowhere/nats.creds" })).toEqual([
      'Cannot read NATS_CREDS: "/nowhere/nats.creds" does not exist',
    ]);
  });

  test("readConfig does not show a token in the place of a path, a number or an address", () => {
    const token = "SUAMLK2ZNL35WSMW37E7UD4VZ7ELPKW7DHC3BWBSD2GCZ7IUQQXZIORRBU";
    const pasted = { NATS_NKEY: token, NATS_JETSTREAM_DOMAIN: `${token}.`, NATS_TLS_FIRST: token };
    expect(faultsOf({ ...pasted, PORT: token, HOST: token })).toEqual([
      "Cannot read HOST: it is not an address or a host name",
      "Cannot read PORT: it is not an integer from 0 to 65535",
      "Cannot read NATS_NKEY: it does not exist",
      "Cannot read NATS_TLS_FIRST: it is not true or false",
      "Cannot read NATS_JETSTREAM_DOMAIN: it is not made of letters, digits, - and _",
    ]);
  });
});

describe("a NATS_URL that cannot be read", () => {
  const undecodable = "has a % in a user or password that begins no character: write %25";
  const cut = "has a /, ? or # in a user or password: write %2F, %3F, %23";
  const rows: readonly [url: string, fault: string][] = [
    ["nats://me:hunter2%zz@a", undecodable],
    ["nats://hunter2%@a", undecodable],
    ["nats://me:hunter2%ff@a", undecodable],
    ["nats://a,tls://me:hunter2%zz@b", undecodable],
    ["nats://me:7#hunter2@a", cut],
    ["nats://me:7/hunter2@a", cut],
    ["nats://me:7?hunter2@a", cut],
  ];
  for (const [url, fault] of rows) {
    test(`readConfig says of ${url} that it ${fault}`, () => {
      expect(faultsOf({ NATS_URL: url })).toEqual([`Cannot read NATS_URL: the value ${fault}`]);
    });
  }
});

test("readConfig tells no secret that was pasted into any setting, and loadConfiguration none in a path", () => {
  fc.assert(
    fc.property(fc.constantFrom(...NAMES), fc.oneof(...PASTES), (name, secret) => {
      const told = faultsOf({ [name]: secret });
      const sources = loadConfiguration(secret, defaultStream());
      if (Array.isArray(sources)) told.push(...sources);
      for (const piece of piecesOf(secret)) expect(told.join("\n")).not.toContain(piece);
    }),
    { numRuns: 1000 },
  );
});

test("readConfig tells no value of a secret setting, however short", () => {
  const secret = NAMES.filter((name) => (SETTINGS[name] as Setting<unknown>).secret);
  expect(secret).toEqual(["ADMIN_TOKEN", "NATS_URL", "NATS_TOKEN", "NATS_PASSWORD"]);
  const words = fc.stringMatching(/^[A-Za-z0-9]{6}$/).map((word) => `z${word} \u00e9%zz`);
  fc.assert(
    fc.property(fc.constantFrom(...secret), words, (name, text) => {
      expect(faultsOf({ [name]: text }).join("\n")).not.toContain(text.slice(0, 7));
    }),
  );
});
