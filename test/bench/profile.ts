// Where the time of a row goes: its server under Bun's sampling profiler, and the profiles read. What the profiler sees is
// JavaScript and what it calls; parsing HTTP, sockets and collecting garbage are the rest of the CPU time.
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { cpuTimeUs, scheduled } from "./process.ts";
import type { Server } from "./servers.ts";

const INTERVAL_US = 250;
/** The profiler samples while JavaScript runs: a gap longer than so many intervals is time that was spent elsewhere. */
const GAP = 4;
const SHOWN = 40;
const ROOT = join(import.meta.dirname, "../..");

/** A Chrome DevTools profile, as far as it is read here; times in microseconds, of the epoch and between samples. */
interface Profile {
  readonly nodes: readonly Node[];
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface Node {
  readonly id: number;
  readonly callFrame: CallFrame;
  readonly children?: readonly number[];
}

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

/** A new folder for profiles, and the environment in which a process and its children write them there at their end. */
export function prepareProfile(): {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
} {
  const folder = mkdtempSync(join(tmpdir(), "pixelgate-profile-"));
  const options = `--cpu-prof --cpu-prof-dir=${folder} --cpu-prof-interval=${INTERVAL_US}`;
  return { folder, env: { BUN_OPTIONS: options } };
}

/** Sends load to a server that was started to be profiled, ends it, and prints the functions that it was in most. */
export async function profile(
  server: Server,
  folder: string,
  send: () => Promise<{ readonly requests: number }>,
): Promise<void> {
  const cpuBeforeUs = cpuTimeUs(server.pid);
  const before = scheduled(server.pid);
  const fromUs = Date.now() * 1000;
  const { requests } = await send();
  const untilUs = Date.now() * 1000;
  const after = scheduled(server.pid);
  const cpuUs = (cpuTimeUs(server.pid) - cpuBeforeUs) / requests;
  await server.stop("SIGTERM");
  const files = readdirSync(folder).map((name) => join(folder, name));
  const profiles = files.map((file) => JSON.parse(readFileSync(file, "utf8")) as Profile);
  // A sample does not tell whether the process ran or waited for a core.
  const ranNs = after.ranNs - before.ranNs;
  const running = ranNs / (ranNs + after.waitedNs - before.waitedNs);
  const self = [...selfTimes(profiles, fromUs, untilUs)]
    .map(([name, us]) => ({ name, us: (us * running) / requests }))
    .toSorted((a, b) => b.us - a.us);
  const seenUs = self.reduce((sum, { us }) => sum + us, 0);
  console.log(
    `${requests} events, ${cpuUs.toFixed(1)} µs of CPU each with the profiler beside them, ${seenUs.toFixed(1)} µs of it in what the profiler sees`,
  );
  console.log("self µs/event   share  function");
  for (const { name, us } of self.slice(0, SHOWN)) {
    console.log(`${us.toFixed(2).padStart(13)} ${((us / seenUs) * 100).toFixed(1).padStart(5)} %  ${name}`);
  }
  for (const file of files) console.log(`for Chrome DevTools: ${file}`);
}

/** Microseconds in each function itself, between two times of the epoch, in all processes together. */
export function selfTimes(
  profiles: readonly Profile[],
  fromUs: number,
  untilUs: number,
): Map<string, number> {
  const times = new Map<string, number>();
  for (const { nodes, startTime, samples, timeDeltas } of profiles) {
    const names = namesOf(nodes);
    let atUs = startTime;
    for (const [i, id] of samples.entries()) {
      const deltaUs = timeDeltas[i] ?? 0;
      atUs += deltaUs;
      if (atUs < fromUs || atUs > untilUs) continue;
      const name = names.get(id) ?? "unknown";
      times.set(name, (times.get(name) ?? 0) + Math.min(deltaUs, GAP * INTERVAL_US));
    }
  }
  return times;
}

/** What each node is called. The runtime's own functions often have no name: they go by whoever called them. */
function namesOf(nodes: readonly Node[]): Map<number, string> {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  for (const { id, callFrame, children = [] } of nodes) {
    const caller = names.get(id) ?? "";
    const label = nameOf(callFrame) === "" ? caller : `(the runtime, called by ${caller})`;
    for (const child of children) if (names.get(child) === "") names.set(child, label);
  }
  return names;
}

/** Empty for a function of the runtime's without a name. */
function nameOf({ functionName, url, lineNumber }: CallFrame): string {
  if (url === "") return functionName;
  const path = url.startsWith("file://") ? relative(ROOT, url.slice("file://".length)) : url;
  return `${functionName || "(anonymous)"} ${path}:${lineNumber + 1}`;
}
