import { expect, test } from "bun:test";
import { decodePayload, encodePayload, type Payload, PayloadArena } from "../../src/pixel/payload.ts";
import { createRandom } from "../support/random.ts";

test("encodePayload gives UTF-8 that decodePayload reads again, and none of them changes before it is released", () => {
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

test("PayloadArena writes again where all payloads of a buffer are released, and nowhere else", () => {
  const arena = new PayloadArena();
  const random = createRandom(7);
  const memories = new Set<ArrayBufferLike>();
  const kept: { payload: Payload; letter: number }[] = [];
  for (let turn = 0; turn < 20_000; turn++) {
    const length = 1 + random(1500);
    const letter = turn % 251;
    const start = arena.reserve(length);
    arena.chunk.fill(letter, start, start + length);
    const payload = arena.take(start + length);
    memories.add(payload.buffer);
    kept.push({ payload, letter });
    // Some wait for long, most for a short time.
    while (kept.length > 60) {
      const [one] = kept.splice(random(random(4) === 0 ? 10 : kept.length), 1);
      if (one === undefined) continue;
      if (one.payload.some((byte) => byte !== one.letter))
        throw new Error(`payload of turn ${turn} has changed`);
      arena.release(one.payload);
    }
  }
  expect(kept.every(({ payload, letter }) => payload.every((byte) => byte === letter))).toBe(true);
  expect(memories.size).toBeLessThan(40);
});

test("PayloadArena forgets buffers whose payloads nobody releases", () => {
  const arena = new PayloadArena();
  const lost = Array.from({ length: 3000 }, (_, index) => {
    const start = arena.reserve(1024);
    arena.chunk.fill(index % 256, start, start + 1024);
    return arena.take(start + 1024);
  });
  const memories = new Set<ArrayBufferLike>();
  for (let turn = 0; turn < 3000; turn++) {
    const payload = arena.take(arena.reserve(1024) + 1024);
    memories.add(payload.buffer);
    arena.release(payload);
  }
  expect(memories.size).toBeLessThan(3);
  for (const [index, payload] of lost.entries()) {
    if (payload.some((byte) => byte !== index % 256)) throw new Error(`payload ${index} has changed`);
  }
});
