// The rule: docs/wire-contract.md, "Routes".
import { afterEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isTargetOver, targetOf } from "../../src/server/target.ts";
import { COMMANDS, type Gateway, startGateway } from "../support/gatewayprocess.ts";
import { sendRaw } from "../support/socket.ts";

test("targetOf finds path and query in every form a runtime gives", () => {
  const rows: readonly [url: string, target: string][] = [
    ["http://a/b?c=/d", "/b?c=/d"],
    ["https://a.example:8080/b", "/b"],
    ["http://[::1]:80/b?c", "/b?c"],
    ["/b?c=http://d/e", "/b?c=http://d/e"],
    ["http://a", "/"],
  ];
  for (const [url, target] of rows) expect(targetOf(url)).toBe(target);
});

/** The least limit that a target is not over: its bytes. */
function bytesOf(target: string): number {
  let bytes = 0;
  while (isTargetOver(target, bytes)) bytes++;
  return bytes;
}

describe("isTargetOver", () => {
  const rows: readonly [rule: string, target: string, bytes: number][] = [
    ["counts ASCII as it is", "/p?a=1", 6],
    ["counts what is percent-encoded as it is", "/p?a=%C3%BC", 11],
    ["counts a letter of two bytes percent-encoded", "/p?a=ü", 11],
    ["counts a letter of three bytes percent-encoded", "/p?a=漢", 14],
    ["counts a letter of two UTF-16 units percent-encoded", "/p?a=👋", 17],
    ["counts half a letter as the replacement character", "/p?a=\ud83d", 14],
    ["counts letters among others", "/ü?a=b漢c", 21],
    ["counts nothing but letters", `/${"漢".repeat(50)}`, 451],
    ["counts a fragment", "/p#ab", 5],
  ];
  for (const [rule, target, bytes] of rows) {
    test(`isTargetOver ${rule}`, () => {
      expect(bytesOf(target)).toBe(bytes);
      for (const origin of ["http://a", "https://pixel.example:8443"]) {
        expect(isTargetOver(origin + target, bytes)).toBe(false);
        expect(isTargetOver(origin + target, bytes - 1)).toBe(true);
      }
    });
  }

  test("isTargetOver counts what the URL standard writes, sent raw or encoded", () => {
    const text = fc.string({
      unit: fc.constantFrom(..."az09-._~!$&()*+,;=:@/?%|".split(""), "ü", "漢", "👋", "\ud83d"),
    });
    fc.assert(
      fc.property(text, (query) => {
        const written = new URL(`http://a/p?${query}`).href.slice("http://a".length);
        expect(bytesOf(`/p?${query}`)).toBe(written.length);
        expect(bytesOf(written)).toBe(written.length);
      }),
    );
  });
});

describe("a gateway with a limit of 256 bytes", () => {
  let gateway: Gateway | null = null;
  afterEach(() => gateway?.stop());

  const START = "/pixel/v1/page?writeKey=demo&a=";
  const reason = "request target too long: more than 256 bytes";

  for (const [runtime, command] of [
    ["Bun", () => COMMANDS.bun],
    ["Deno", () => COMMANDS.deno],
  ] as const) {
    test(`a gateway on ${runtime} measures letters that are sent raw as if they were encoded`, async () => {
      gateway = await startGateway({ command: command(), env: { PIXELGATE_MAX_URL_BYTES: "256" } });
      const { port } = gateway;
      const room = 256 - START.length;
      const letters = (encoded: number) => "ü".repeat(encoded / 6) + "x".repeat(encoded % 6);
      for (const head of [" HTTP/1.1\r\nHost: pixel.example\r\n\r\n", " HTTP/1.0\r\n\r\n"]) {
        const answers: unknown[] = [];
        for (const target of ["x".repeat(room), "x".repeat(room + 1), letters(room), letters(room + 1)]) {
          const [answer] = await sendRaw(port, Buffer.from(`GET ${START}${target}${head}`));
          answers.push([answer?.status, answer?.body]);
        }
        expect(answers).toEqual([
          [200, "OK"],
          [414, reason],
          [200, "OK"],
          [414, reason],
        ]);
      }
    });
  }
});
