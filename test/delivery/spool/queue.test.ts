import { expect, test } from "bun:test";
import { AppendQueue } from "../../../src/delivery/spool/queue.ts";
import { event } from "../../support/parts.ts";
import { copiesOf } from "../../support/spools.ts";

const BYTES = new Uint8Array(96 * 1024 * 1024);

const append = (id: string, payloadBytes: number) => {
  const one = { ...event(id), payload: BYTES.subarray(0, payloadBytes) };
  return { event: one, copies: copiesOf(one.routes), done() {} };
};

test("AppendQueue gives batches of at most 2,000, oldest first", () => {
  const queue = new AppendQueue();
  for (let index = 0; index < 4500; index++) expect(queue.push(append(`e${index}`, 10))).toBe(true);
  const sizes: number[] = [];
  const ids: string[] = [];
  while (!queue.isEmpty) {
    const batch = queue.take();
    sizes.push(batch.length);
    ids.push(...batch.map(({ event }) => event.id));
  }
  expect(sizes).toEqual([2000, 2000, 500]);
  expect(ids).toEqual(Array.from({ length: 4500 }, (_, index) => `e${index}`));
});

test("AppendQueue refuses past 96 MiB, and has room again for what was taken", () => {
  const queue = new AppendQueue();
  const mib = 1024 * 1024;
  for (let index = 0; index < 96; index++) expect(queue.push(append("e", mib))).toBe(true);
  expect(queue.push(append("e", 1))).toBe(false);
  queue.take();
  expect(queue.push(append("e", 96 * mib))).toBe(true);
});

test("AppendQueue refuses past 100,000 appends, and is long past half of them", () => {
  const queue = new AppendQueue();
  for (let index = 0; index < 50_000; index++) queue.push(append("e", 1));
  expect(queue.isLong).toBe(false);
  expect(queue.push(append("e", 1))).toBe(true);
  expect(queue.isLong).toBe(true);
  for (let index = 50_001; index < 100_000; index++) queue.push(append("e", 1));
  expect(queue.push(append("e", 1))).toBe(false);
});
