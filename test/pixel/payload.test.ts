import { expect, test } from "bun:test";
import { decodePayload, encodePayload, PayloadArena } from "../../src/pixel/payload.ts";

test("encodePayload gives UTF-8 that decodePayload reads again, and none of them ever changes", () => {
  const texts = Array.from({ length: 2000 }, (_, index) =>
    JSON.stringify({ index, name: "Größe 👋 \u2028".repeat(index % 60) }),
  );
  texts.push(
    JSON.stringify({ filler: "ß".repeat(400_000) }),
    "",
    JSON.stringify({ filler: "x".repeat(200_000) }),
    "{}",
  );
  const payloads = texts.map(encodePayload);
  expect(payloads.map(decodePayload)).toEqual(texts);
  for (const [index, payload] of payloads.entries()) {
    expect(payload.length).toBe(Buffer.byteLength(texts[index] ?? ""));
  }
});

test("PayloadArena gives room behind the last payload, and a fresh buffer where there is not enough", () => {
  const arena = new PayloadArena();
  const first = arena.reserve(100);
  const { chunk } = arena;
  chunk.fill(1, first, first + 100);
  const one = arena.take(first + 10);
  expect(arena.reserve(100)).toBe(first + 10);
  expect(arena.chunk).toBe(chunk);
  arena.chunk.fill(2, first + 10, first + 110);
  expect([...one]).toEqual(Array(10).fill(1));
  // What was reserved and not taken is given again.
  expect(arena.reserve(chunk.length - first - 10)).toBe(first + 10);
  expect(arena.chunk).toBe(chunk);
  arena.reserve(chunk.length - first - 9);
  expect(arena.chunk).not.toBe(chunk);
  expect(arena.reserve(10 * chunk.length)).toBe(0);
  expect(arena.chunk.length).toBeGreaterThanOrEqual(10 * chunk.length);
});

test("PayloadArena takes views of the buffer that was written to", () => {
  const arena = new PayloadArena();
  arena.reserve(50);
  arena.take(arena.reserve(50) + 7);
  const start = arena.reserve(3);
  arena.chunk.write("abc", start, "latin1");
  expect(decodePayload(arena.take(start + 3))).toBe("abc");
});
