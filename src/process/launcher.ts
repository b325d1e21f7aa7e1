// Whether who started us is still there, where that is a package script run in the foreground: `bun run` and `npx` pass no
// SIGKILL on, and `npx` no signal at all. Told by /proc; where there is none, nobody is watched.
import { readFileSync } from "node:fs";
import type { Clock } from "../runtime/clock.ts";

/** The environment name by which this package's own start script says that the gateway is to end with it. */
export const LAUNCHED_BY = "PIXELGATE_LAUNCHED_BY";
/** Its value. */
export const SCRIPT = "script";

/** What is known of a process. */
export interface ProcessFacts {
  readonly parent: number;
  readonly group: number;
  /** With the pid it names a process: a pid alone may be another's by and by. */
  readonly started: string;
  /** It has ended, and nobody has asked how. */
  readonly isZombie: boolean;
  /** Whether `npx` has started it. */
  readonly isOfNpx: boolean;
}

/** Reads a process by its pid; null when there is none, or no way to know. */
export type ReadProcess = (pid: number) => ProcessFacts | null;

interface Launcher {
  readonly pid: number;
  readonly started: string;
}

/**
 * Those that have to be there for a process that a script started: the script's runner and, where `npx` started that,
 * all up to `npx`. None beyond its process group, which is the shell's or the service manager's.
 */
export function findLaunchers(pid: number, read: ReadProcess): Launcher[] {
  const own = read(pid);
  if (own === null) return [];
  const launchers: Launcher[] = [];
  let child = own;
  do {
    const parent = read(child.parent);
    if (parent === null || parent.group !== own.group) break;
    launchers.push({ pid: child.parent, started: parent.started });
    child = parent;
  } while (child.isOfNpx);
  return launchers;
}

/** Whether a launcher has ended. */
export function isGone({ pid, started }: Launcher, read: ReadProcess): boolean {
  const facts = read(pid);
  return facts === null || facts.isZombie || facts.started !== started;
}

/** How soon the end of a launcher is noticed. */
const LOOK_MS = 500;

/** Calls `onGone` once, when one of those that started us by a script is gone. Never without such a script. */
export function watchLaunchers(
  clock: Clock,
  environment: Readonly<Record<string, string | undefined>>,
  pid: number,
  onGone: () => void,
  read: ReadProcess = readProcess,
): void {
  if (environment[LAUNCHED_BY] !== SCRIPT) return;
  const launchers = findLaunchers(pid, read);
  if (launchers.length === 0) return;
  const stop = clock.every(LOOK_MS, () => {
    if (!launchers.some((launcher) => isGone(launcher, read))) return;
    stop();
    onGone();
  });
}

/** Reads a process from /proc. */
export function readProcess(pid: number): ProcessFacts | null {
  try {
    // The name stands in brackets and may hold anything, brackets too.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state, parent, group, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return {
      parent: Number(parent),
      group: Number(group),
      started: rest[STARTED] ?? "",
      isZombie: state === "Z",
      isOfNpx: readEnvironment(pid).includes("\0npm_lifecycle_event=npx\0"),
    };
  } catch {
    return null;
  }
}

/** The place of the start time among the fields after the process group, see proc(5). */
const STARTED = 16;

function readEnvironment(pid: number): string {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, "utf8")}`;
  } catch {
    // Another user's.
    return "";
  }
}
