import { expect, test } from "bun:test";
import { originOf } from "../../src/process/origin.ts";

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
