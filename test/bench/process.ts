// What a process costs with the workers it has started, read from /proc: CPU time and resident memory.
import { readdirSync, readFileSync } from "node:fs";

// Linux counts in hundredths of a second on every machine that Bun runs on.
const TICK_US = 10_000;

/** CPU time (user and system) of a process and its children, the ended ones included, in microseconds. */
export function cpuTimeUs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name in parentheses may hold spaces; the fields are counted from behind it: utime, stime, cutime, cstime.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return childrenOf(pid).reduce((sum, child) => sum + cpuTimeUs(child), ticks * TICK_US);
}

/** How long the main threads of a process and its children have run, and waited for a core to run on, in nanoseconds. */
export function scheduled(pid: number): { readonly ranNs: number; readonly waitedNs: number } {
  const [ran, waited] = readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ").map(Number);
  return childrenOf(pid)
    .map(scheduled)
    .reduce((sum, { ranNs, waitedNs }) => ({ ranNs: sum.ranNs + ranNs, waitedNs: sum.waitedNs + waitedNs }), {
      ranNs: ran ?? 0,
      waitedNs: waited ?? 0,
    });
}

/** Resident memory of a process and its children, in bytes. */
export function residentBytes(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return childrenOf(pid).reduce((sum, child) => sum + residentBytes(child), Number(match?.[1] ?? 0) * 1024);
}

/** The processes that a process has started and that still run. */
export function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) => {
    const children = readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").trim();
    return children === "" ? [] : children.split(" ").map(Number);
  });
}
