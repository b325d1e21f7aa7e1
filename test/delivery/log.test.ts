import { expect, test } from "bun:test";
import { reasonOf } from "../../src/delivery/log.ts";

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
