import { expect, test } from "bun:test";
import { Intake, type IntakeFacts, UNKNOWN_INTAKE } from "../../../src/delivery/nats/intake.ts";

const A = "pixel.a.page";
const KEEPS: Readonly<Record<"kept" | "lost" | "refused", { takes: boolean; loses: boolean }>> = {
  kept: { takes: true, loses: false },
  lost: { takes: false, loses: true },
  refused: { takes: false, loses: false },
};

const ROWS: [string, Partial<IntakeFacts>, keyof typeof KEEPS][] = [
  ["of a stream that takes it", { subjects: ["pixel.>"] }, "kept"],
  ["of a stream that does not take it", { subjects: ["pixel.b.>"] }, "refused"],
  ["that a consumer wants", { subjects: ["pixel.>"], interest: ["pixel.b.>", "pixel.a.>"] }, "kept"],
  ["that no consumer wants", { subjects: ["pixel.>"], interest: ["pixel.b.>"] }, "lost"],
  ["that no consumer wants of a stream that does not take it", { subjects: [], interest: [] }, "refused"],
  ["that another stream takes", { subjects: ["pixel.b.>"], elsewhere: ["pixel.a.>"] }, "lost"],
  ["that another stream takes, where no more is known", { elsewhere: ["pixel.a.>"] }, "lost"],
  ["beside those that another stream takes", { elsewhere: ["pixel.b.>"] }, "kept"],
];

for (const [name, facts, expected] of ROWS) {
  test(`Intake says "${expected}" of a message ${name}`, () => {
    const intake = new Intake({ subjects: null, interest: null, elsewhere: [], ...facts });
    expect({ takes: intake.takes(A), loses: intake.loses(A) }).toEqual(KEEPS[expected]);
  });
}

test("UNKNOWN_INTAKE says nothing against any message", () => {
  expect([UNKNOWN_INTAKE.takes(A), UNKNOWN_INTAKE.loses(A), UNKNOWN_INTAKE.mayLose]).toEqual([
    true,
    false,
    false,
  ]);
});
