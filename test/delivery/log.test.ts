import { expect, test } from "bun:test";
import { createRarely, reasonOf } from "../../src/delivery/log.ts";
import { createHandClock } from "../support/clock.ts";

test("reasonOf tells an error with its causes, each once, and whatever else was thrown", () => {
  const disk = new Error("no space left");
  const table: [unknown, string][] = [
    [disk, "no space left"],
    [new Error("Cannot write", { cause: disk }), "Cannot write: no space left"],
    [new Error("Cannot write: no space left", { cause: disk }), "Cannot write: no space left"],
    [
      new Error("Cannot start", { cause: new Error("Cannot write", { cause: disk }) }),
      "Cannot start: Cannot write: no space left",
    ],
    [new Error("Cannot write", { cause: 28 }), "Cannot write: 28"],
    ["text", "text"],
    [undefined, "undefined"],
  ];
  for (const [error, reason] of table) expect(reasonOf(error)).toBe(reason);
});

test("createRarely lets one line of a kind through in an interval", () => {
  const time = createHandClock();
  const rarely = createRarely(10_000, time);
  const lines: string[] = [];
  const say = (kind: string) => rarely(kind, () => void lines.push(`${kind} ${time.now()}`));
  const start = time.now();
  for (const afterMs of [0, 5000, 4999, 1, 9999, 1]) {
    time.advance(afterMs);
    say("disk");
    if (afterMs === 5000) say("wire");
  }
  expect(lines).toEqual([
    `disk ${start}`,
    `wire ${start + 5000}`,
    `disk ${start + 10_000}`,
    `disk ${start + 20_000}`,
  ]);
});

test("createRarely lets a thousand lines through in an interval, however many kinds come again and again", () => {
  const time = createHandClock();
  const rarely = createRarely(10_000, time);
  let lines = 0;
  const sayAll = () => {
    for (let kind = 0; kind < 3000; kind++) rarely(`destination-${kind}`, () => lines++);
  };
  sayAll();
  sayAll();
  expect(lines).toBe(1000);
  time.advance(10_000);
  sayAll();
  expect(lines).toBe(2000);
});
