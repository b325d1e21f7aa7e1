// Many times the connections that a gateway can serve in time: what it answers, how late, and how soon it is over.
import type { Generator, LoadResult } from "./load.ts";
import { type OwnResult, own } from "./own.ts";
import { residentBytes } from "./process.ts";
import type { Server } from "./servers.ts";
import { pageTarget, pageTargets } from "./urls.ts";

/** 64 connections keep the gateway busy without a pause. Both processes need a file each: `ulimit -n` allows 20,000 here. */
const FLOOD = 16_000;
const VISITORS = 16;
const CALM_MS = 50;

/** Floods a gateway and prints what its visitors, whom our own generator plays, see meanwhile and afterwards. */
export async function measureOverload(
  { pid, port }: Server,
  generator: Generator,
  isSmoke: boolean,
): Promise<void> {
  const connections = isSmoke ? 500 : FLOOD;
  const seconds = isSmoke ? 1 : 20;
  let peakBytes = 0;
  const watching = setInterval(() => {
    peakBytes = Math.max(peakBytes, residentBytes(pid));
  }, 100);
  const flooding = generator.send({ port, targets: pageTargets, connections, seconds });
  // The first seconds are its way into the overload.
  await Bun.sleep(seconds * 300);
  const seen = await own.send({ port, targets: [pageTarget], connections: VISITORS, seconds: seconds * 0.6 });
  const flood = await flooding;
  const recoveryMs = await recover(port);
  clearInterval(watching);
  console.log(
    `Overload: ${connections} connections of generator ${generator.name} that ask again at once, and ${VISITORS} visitors among them`,
  );
  print(flood, seen, peakBytes, recoveryMs);
}

/** Milliseconds until ten answers in a row are 200 and quick. */
async function recover(port: number): Promise<number> {
  const startedMs = performance.now();
  for (let calm = 0; calm < 10; ) {
    const askedMs = performance.now();
    const { status } = await fetch(`http://127.0.0.1:${port}${pageTarget}`);
    calm = status === 200 && performance.now() - askedMs < CALM_MS ? calm + 1 : 0;
    if (performance.now() - startedMs > 60_000) break;
  }
  return performance.now() - startedMs;
}

function print(flood: LoadResult, seen: OwnResult, peakBytes: number, recoveryMs: number): void {
  console.table([
    {
      "answers/s": Math.round(flood.perSecond),
      "not 200": `${((flood.notOk / flood.requests) * 100).toFixed(1)} %`,
      "visitors' p50 ms": Math.round(seen.p50Ms),
      "p99 of 200 ms": Math.round(seen.okP99Ms),
      "with 503": seen.busy,
      neither: seen.notOk - seen.busy,
      "peak RSS MB": Math.round(peakBytes / 1e6),
      "calm after ms": Math.round(recoveryMs),
    },
  ]);
}
