import { expect, test } from "bun:test";
import { viewBacklog } from "../../../src/delivery/spool/backlogs.ts";

test("viewBacklog asks for the oldest event when somebody wants it, and once it is known no more", () => {
  const answers = [null, 1000, 2000];
  const view = viewBacklog({ copies: 1, bytes: 2 }, () => answers.shift() ?? null);
  expect(answers).toHaveLength(3);
  expect([view.oldestAtMs, view.oldestAtMs, view.oldestAtMs]).toEqual([null, 1000, 1000]);
});
