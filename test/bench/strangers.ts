// The load of a soak: the mix, and among it what only strangers send: requests that are refused, shapes that are met once,
// and shapes that are met for a while and never again. Knows no sockets.
import { FRESH_ID } from "./load.ts";
import { LOADS } from "./rows.ts";
import { pageTarget } from "./urls.ts";

/** Of ten requests: one is refused, one has a shape of its own, three have one that only this run's requests have. */
export const SHARES = { refused: 0.1, once: 0.1, ofThisRun: 0.3 } as const;

const REFUSED = [
  pageTarget.replace("writeKey=demo", "writeKey=stranger"),
  "/pixel/v1/track?writeKey=demo&anonymousId=1",
  `/pixel/v1/page?writeKey=demo&x=${"y".repeat(20_000)}`,
];

/** What is sent in a run, the nth of a soak. */
export function targetsOfRun(nth: number): readonly string[] {
  return LOADS.mix.targets.map((target, i) => {
    const known = target.replace(FRESH_ID, `visitor-${nth}-${i}`);
    switch (i % 10) {
      case 0:
        return REFUSED[(i / 10) % REFUSED.length] ?? "";
      case 1:
        return `${known}&properties.${FRESH_ID}=1`;
      case 2:
      case 3:
      case 4:
        return `${known}&properties.run_${nth}_${i}=1`;
      default:
        return target;
    }
  });
}

/** How many shapes nobody has sent before are among so many requests of so many runs. */
export function newShapes(requests: number, runs: number): number {
  return Math.round(requests * SHARES.once + runs * LOADS.mix.targets.length * SHARES.ofThisRun);
}
