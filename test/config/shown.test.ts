import { expect, test } from "bun:test";
import { isContents, isShowable } from "../../src/config/shown.ts";

const ROWS: readonly [what: string, text: string, isContents: boolean, isShowable: boolean][] = [
  ["a path", "/etc/pixelgate/nats.creds", false, true],
  ["a path in a temporary folder", "/tmp/pixelgate-config-a1B2c3/cert.pem", false, true],
  ["a mounted secret's path", "/run/secrets/..2026_01_25_10_11_12.123456789/nats.creds", false, true],
  ["a path with a uuid", "/data/0b5d7c1e-3f2a-4c58-9a7e-2f4d1c6b8a90/x", false, true],
  ["a number with a typing error", "80a", false, true],
  ["a list of networks", "10.0.0.0/33,fd00::/129", false, true],
  ["a long word", "configurationofpixelgate", false, true],
  ["lines", "one\ntwo", true, false],
  ["a control character", "one\u0007", true, false],
  ["the head of a PEM in one line", "-----BEGIN PRIVATE KEY-----", true, false],
  ["JSON", '{"sources":[]}', true, false],
  ["more than a path can be", "a/".repeat(2048), true, false],
  ["more than a name can be", `/etc/${"a-".repeat(128)}`, true, false],
  ["the longest name", `/${"a-".repeat(127)}a`, false, false],
  ["a token of letters and digits", "eyJhbGciOiJIUzI1NiJ9", false, false],
  ["a seed of an nkey", "SUAMLK2ZNL35WSMW37E7UD4VZ7ELPKW7DHC3BWBSD2GCZ7IUQQXZIORRBU", false, false],
  ["a long run of letters", "abcdefghij".repeat(4), false, false],
  ["a URL with a password", "nats://me:pw@host", false, false],
  ["a URL with a password that ends it", "nats://me:p/w@host", false, false],
  ["a user and a password", "me:pw@host", false, false],
];
for (const [what, text, contents, showable] of ROWS) {
  test(`isContents says ${contents} of ${what}`, () => expect(isContents(text)).toBe(contents));
  test(`isShowable says ${showable} of ${what}`, () => expect(isShowable(text)).toBe(showable));
}
