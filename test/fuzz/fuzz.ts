// `bun run fuzz [--seconds N] [--seed N] [--cases N] [--only parser,plans,builder,http]`: random input for a given time,
// to the decision over requests, to that with plans beside that without, to the live page's builder, and as raw bytes to a
// real gateway. Case i has the seed plus i, so that `--seed` with `--cases 1` runs one again; what fails is printed that way.
import { parseArgs } from "node:util";
import { readCount, refuse } from "../bench/flags.ts";
import { checkBuilder, checkParser } from "./cases.ts";
import { besiege } from "./http.ts";
import { checkPlans } from "./plans.ts";

/** What a case of each kind is; of raw HTTP it is what a gateway says that runs for all of them. */
const CHECKS: Readonly<Record<string, ((seed: number) => void) | null>> = {
  parser: checkParser,
  plans: checkPlans,
  builder: checkBuilder,
  http: null,
};
const KINDS = Object.keys(CHECKS);
/** Cases between two looks at the clock; of raw HTTP they go out together. */
const AT_ONCE = 16;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "10" },
    seed: { type: "string" },
    cases: { type: "string" },
    only: { type: "string", default: KINDS.join(",") },
  },
});
const kinds = values.only.split(",");
for (const kind of kinds) {
  if (!KINDS.includes(kind)) refuse("only", `"${kind}" is not one of ${KINDS.join(", ")}`);
}
const seed =
  values.seed === undefined
    ? (crypto.getRandomValues(new Uint32Array(1))[0] ?? 1)
    : readCount("seed", values.seed);
const cases = values.cases === undefined ? Number.POSITIVE_INFINITY : readCount("cases", values.cases);
const seconds = readCount("seconds", values.seconds);
console.log(
  `seed ${seed}, ${Number.isFinite(cases) ? `${cases} cases` : `${seconds} s`} of ${kinds.join(", ")}`,
);

let failures = 0;
for (const kind of kinds) {
  const own = CHECKS[kind] ?? null;
  const besieged = own === null ? await besiege() : null;
  const check = own ?? besieged?.check;
  if (check === undefined) continue;
  const count = await run(kind, check, (seconds * 1000) / kinds.length);
  await besieged?.finish();
  console.log(`${kind}: ${count} cases`);
}
console.log(failures === 0 ? "every case was as it must be" : `NOT AS IT MUST BE: ${failures} cases`);
process.exit(failures === 0 ? 0 : 1);

/** Runs cases until the time or their number is over; resolves with how many. */
async function run(kind: string, check: (seed: number) => void | Promise<void>, ms: number): Promise<number> {
  const deadline = Number.isFinite(cases) ? Number.POSITIVE_INFINITY : performance.now() + ms;
  let done = 0;
  while (done < cases && performance.now() < deadline && failures < AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, cases - done) }, (_, i) => seed + done + i);
    await Promise.all(batch.map((own) => tryCase(kind, check, own)));
    done += batch.length;
  }
  return done;
}

async function tryCase(
  kind: string,
  check: (seed: number) => void | Promise<void>,
  own: number,
): Promise<void> {
  try {
    await check(own);
  } catch (error) {
    failures++;
    console.log(`${error instanceof Error ? error.message : error}`);
    console.log(`  again: bun run fuzz --only ${kind} --seed ${own} --cases 1`);
  }
}
