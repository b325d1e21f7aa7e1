import { expect, test } from "bun:test";
import { whyTooLarge } from "../../../src/delivery/nats/size.ts";

const ROWS: [
  what: string,
  limits: readonly [number, number, number | null, number | null],
  why: string | null,
][] = [
  ["nothing is known", [60, 100_000, null, null], null],
  ["it fits to the byte", [60, 1000, 1000, 1000], null],
  [
    "the server takes less",
    [60, 1001, 1000, 1000],
    "message is larger than the server's max_payload of 1000",
  ],
  [
    "the stream takes less",
    [60, 1001, 2000, 1000],
    "message is larger than the stream's max_msg_size of 1000",
  ],
  ["nobody takes it", [60, 9_000_001, null, null], "message is larger than the most that is sent, 9000000"],
  ["its subjects fill the command line", [4032, 10, null, null], null],
  ["its subjects are longer", [4033, 10, null, null], "its subject is longer than the server takes"],
];

for (const [what, limits, why] of ROWS) {
  test(`whyTooLarge where ${what}: ${why}`, () => {
    expect(whyTooLarge(...limits)).toBe(why);
  });
}
