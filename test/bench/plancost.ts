// What plans cost a gateway that is attacked: its decisions with plans beside those by the reference alone, in turns.
import { do_not_optimize } from "mitata";
import { Plans } from "../../src/pixel/plan/plans.ts";
import type { Attack } from "./attacks.ts";
import { decideDemo } from "./demo.ts";
import { median } from "./report.ts";

/** Requests between two looks at the clock: as many as plans are made for at most one of. */
const BLOCK = 128;
const MAX_ROUNDS = 16;

/** CPU time of a request, medians over blocks. */
export interface PlanCost {
  readonly referenceUs: number;
  readonly plannedUs: number;
  /** Of `plannedUs` over `referenceUs`, block by block. */
  readonly ratio: number;
  /** The share of the events that plans wrote. */
  readonly planned: number;
}

const HEADERS = {
  "User-Agent":
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
  "Accept-Language": "en-US,en;q=0.9",
  Referer: "https://news.example.com/",
};
const headers = new Headers(HEADERS);

/** Measures an attack of so many blocks once its first burst is over: what is there for honest shapes at the start. */
export function measureAttack({ write, userAgent }: Attack, blocks: number): PlanCost {
  const plans = new Plans();
  const reference = decideDemo(null);
  const planned = decideDemo(plans);
  let number = 0;
  const next = () => {
    const agent = userAgent?.(number);
    const own = agent === undefined ? headers : new Headers({ ...HEADERS, "User-Agent": agent });
    return { url: write(number++), headers: own };
  };
  const nextBlock = () => Array.from({ length: BLOCK }, next);
  const time = (decide: typeof planned, requests: ReturnType<typeof nextBlock>) => {
    const started = process.cpuUsage();
    for (const { url, headers } of requests) {
      const decision = decide({
        type: "page",
        pathForm: null,
        url,
        headers,
        peer: "192.0.2.1",
        receivedMs: number,
      });
      do_not_optimize(decision);
    }
    const { user, system } = process.cpuUsage(started);
    return (user + system) / requests.length;
  };

  // Once few are made for many blocks, the burst is over.
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const { made } = plans.counts;
    for (let block = 0; block < blocks; block++) time(planned, nextBlock());
    time(reference, nextBlock());
    if (plans.counts.made - made <= 2 * blocks) break;
  }
  const before = plans.counts.written;
  const costs = Array.from({ length: blocks }, (_, block) => {
    const requests = nextBlock();
    // Each goes first as often as the other.
    const first = block % 2 === 0 ? time(reference, requests) : Number.NaN;
    const plannedUs = time(planned, requests);
    const referenceUs = Number.isNaN(first) ? time(reference, requests) : first;
    return { referenceUs, plannedUs };
  });
  return {
    referenceUs: median(costs.map(({ referenceUs }) => referenceUs)),
    plannedUs: median(costs.map(({ plannedUs }) => plannedUs)),
    ratio: median(costs.map(({ referenceUs, plannedUs }) => plannedUs / referenceUs)),
    planned: (plans.counts.written - before) / (blocks * BLOCK),
  };
}
