// Tests for which a machine may lack something: they run, or they are skipped and say why. None passes without a look.
import { beforeAll, test } from "bun:test";

type Body = () => void | Promise<void>;

interface Gate {
  test(name: string, body: Body, timeoutMs?: number): void;
  /** What the tests behind the gate need before they run. */
  beforeAll(body: Body, timeoutMs?: number): void;
}

/** bun's own `test` and `beforeAll`; behind an obstacle its tests are skipped, with the reason printed and in their names. */
export function unless(obstacle: string | null): Gate {
  if (obstacle === null) return { test, beforeAll };
  console.log(`Some tests of this file are skipped: ${obstacle}`);
  return {
    test(name) {
      test.skip(`${name} (skipped: ${obstacle})`, () => {});
    },
    beforeAll() {},
  };
}
