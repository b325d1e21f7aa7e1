// `bun run bench:worst [--smoke]`: from a request line to an event or a refusal, for the most expensive queries known,
// at three lengths. The ratios to an AMP page view are the result: they say what a stranger can make a request cost.
// Then attacks on plans: what they add to the cost of the reference, which must not be more than a fifth.
import { do_not_optimize } from "mitata";
import { Plans } from "../../src/pixel/plan/plans.ts";
import { ATTACKS } from "./attacks.ts";
import { decideDemo } from "./demo.ts";
import { measureAttack } from "./plancost.ts";
import { describeMachine } from "./servers.ts";
import { targets } from "./urls.ts";
import { SHAPES, writeWorst } from "./worstqueries.ts";

const smoke = process.argv.includes("--smoke");
const LENGTHS = [4096, 8192, 16_384];
const [WARM_UP, RUNS] = smoke ? [1, 2] : [100, 400];

const decide = decideDemo(new Plans());
const headers = new Headers({
  "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/130.0.0.0 Safari/537.36",
});

interface Cost {
  readonly us: number;
  /** The longest of the targets. */
  readonly bytes: number;
  readonly ending: string;
}

/** The median over targets, none of which comes twice. */
function measure(write: (run: number) => string): Cost {
  const all = Array.from({ length: WARM_UP + RUNS }, (_, run) => write(run));
  const times: number[] = [];
  let ending = "";
  for (const [run, url] of all.entries()) {
    const startedMs = performance.now();
    const decision = decide({
      type: "page",
      pathForm: null,
      url,
      headers,
      peer: "192.0.2.1",
      receivedMs: run,
    });
    if (run >= WARM_UP) times.push((performance.now() - startedMs) * 1000);
    do_not_optimize(decision);
    ending = decision.outcome === "rejected" ? decision.rejection.reason : decision.outcome;
  }
  times.sort((a, b) => a - b);
  return {
    us: times[times.length >> 1] ?? Number.NaN,
    bytes: Math.max(...all.map((url) => url.length)),
    ending,
  };
}

const page = targets[0]?.urls ?? [];
const normal = measure((run) => (page[run % page.length] ?? "").replace(/writeKey=[^&]*/, "writeKey=demo"));
console.log(`${describeMachine()}${smoke ? ", smoke: times mean nothing" : ""}`);
console.log(`an AMP page view: ${normal.us.toFixed(1)} µs, ${normal.bytes} bytes, ${normal.ending}\n`);

const rows = SHAPES.map((shape) => ({
  name: shape.name,
  costs: LENGTHS.map((length) => measure((run) => writeWorst(shape, length, run))),
}));
const longest = (costs: readonly Cost[]) => costs.at(-1)?.us ?? Number.NaN;
rows.sort((a, b) => longest(b.costs) - longest(a.costs));
for (const { name, costs } of rows) {
  const cells = costs.map(
    ({ us, bytes }) => `${(us / normal.us).toFixed(1).padStart(6)} × of ${String(bytes).padStart(5)} B`,
  );
  console.log(`${name.padEnd(34)}${cells.join("  ")}  ${costs.at(-1)?.ending}`);
}
const [worst] = rows;
const ratio = worst === undefined ? Number.NaN : longest(worst.costs) / normal.us;
console.log(`\nthe most expensive, ${worst?.name}: ${ratio.toFixed(1)} × an AMP page view`);

const MUST = 1.2;
console.log("\nattacks on plans: what a request costs by the reference alone, and with plans");
let over = 0;
for (const attack of ATTACKS) {
  const { referenceUs, plannedUs, ratio, planned } = measureAttack(attack, smoke ? 1 : 32);
  const isOver = ratio > MUST;
  if (isOver) over++;
  console.log(
    `${attack.name.padEnd(46)}${referenceUs.toFixed(1).padStart(7)} µs${plannedUs.toFixed(1).padStart(7)} µs ` +
      `${ratio.toFixed(2).padStart(5)} ×  ${(100 * planned).toFixed(0).padStart(3)} % planned${isOver ? "  OVER" : ""}`,
  );
}
console.log(`\n${ATTACKS.length - over} of ${ATTACKS.length} attacks cost at most ${MUST} × the reference`);
