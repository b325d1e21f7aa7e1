import { expect, test } from "bun:test";
import { isLoopback, originOf } from "../../src/process/origin.ts";

const ROWS: readonly [host: string, origin: string][] = [
  ["127.0.0.1", "http://127.0.0.1:8080"],
  ["0.0.0.0", "http://127.0.0.1:8080"],
  ["::", "http://127.0.0.1:8080"],
  ["::1", "http://[::1]:8080"],
  ["pixel.example", "http://pixel.example:8080"],
];
for (const [host, origin] of ROWS) {
  test(`originOf finds a port on ${host} at ${origin}`, () => expect(originOf(host, 8080)).toBe(origin));
}

const ADDRESSES: readonly [host: string, isLoopback: boolean][] = [
  ["127.0.0.1", true],
  ["127.9.9.9", true],
  ["::1", true],
  ["::ffff:127.0.0.1", true],
  ["localhost", true],
  ["admin.localhost", true],
  ["0.0.0.0", false],
  ["::", false],
  ["192.0.2.1", false],
  ["fd00::1", false],
  ["gateway", false],
  ["127.0.0.1.example", false],
];
for (const [host, is] of ADDRESSES) {
  test(`isLoopback says ${is} of ${host}`, () => expect(isLoopback(host)).toBe(is));
}
