// `bun run setup`, and before the tests: says which programs of the system are absent, what for they are needed and how
// to go without; then has Debian's packages of them installed, where root may. What decides is the machine it is given.
// `bun run setup --newer-nats` gets the nats-servers of newer Debian releases, too (newernats.ts).
import { spawnSync } from "node:child_process";
import { unpackNewerNats } from "./newernats.ts";
import { findProgram, PROGRAMS, type ProgramName, type SystemProgram } from "./system.ts";

export interface AptAnswer {
  readonly isDone: boolean;
  readonly output: string;
}

/** What setup needs of a machine. */
export interface Machine {
  has(name: ProgramName): boolean;
  /** Why it gets nothing installed; null when it may. */
  readonly obstacle: string | null;
  /** Runs apt-get; no service of a package starts meanwhile. */
  aptGet(...words: readonly string[]): AptAnswer;
  /** Keeps a service from starting when the machine does. */
  disable(service: string): void;
}

const NAMES = Object.keys(PROGRAMS) as ProgramName[];
const INSTALL = ["install", "-y", "--no-install-recommends"];
/** A slow mirror and a browser of 300 MB with all it depends on. */
const APT_LIMIT_MS = 600_000;

/** Gets a machine what the tests need, saying what it does before it does it; returns whether the tests can run. */
export function prepare(machine: Machine, say: (line: string) => void): boolean {
  const absent = NAMES.filter((name) => PROGRAMS[name].isInstalled && !machine.has(name));
  if (absent.length === 0) return true;
  say("The tests use programs that this machine lacks:");
  for (const name of absent) say(`  ${name}: for ${PROGRAMS[name].purpose}`);
  if (machine.obstacle === null) install(absent, machine, say);
  else say(`Nothing is installed: ${machine.obstacle}`);
  return report(
    absent.filter((name) => !machine.has(name)),
    say,
  );
}

function install(absent: readonly ProgramName[], machine: Machine, say: (line: string) => void): void {
  const packages = [...new Set(absent.map((name) => PROGRAMS[name].package))];
  say(`They come with Debian's packages ${packages.join(", ")}, which are installed now`);
  say(
    "To go without, end this and set PIXELGATE_TEST_INSTALL=no: tests that need one are skipped and say so",
  );
  const update = machine.aptGet("update");
  if (!update.isDone) say(`Cannot update the lists of packages: ${reasonIn(update)}`);
  // One package that is not to be had must not cost the others: a dry run tells, and what each brings with it.
  const ready: string[] = [];
  const brought = new Set<string>();
  for (const name of packages) {
    const dryRun = machine.aptGet(...INSTALL, "--simulate", name);
    if (dryRun.isDone) ready.push(name);
    else say(`Cannot install ${name}: ${reasonIn(dryRun)}`);
    for (const [, one = ""] of dryRun.output.matchAll(/^Inst (\S+)/gm)) brought.add(one);
  }
  if (ready.length === 0) return;
  say(`apt-get ${INSTALL.join(" ")} ${ready.join(" ")}`);
  say(`  ${brought.size} packages with what they depend on: ${[...brought].join(" ")}`);
  const done = machine.aptGet(...INSTALL, ...ready);
  if (!done.isDone) say(`Cannot install ${ready.join(", ")}: ${reasonIn(done)}`);
  for (const name of absent) {
    const { service }: SystemProgram = PROGRAMS[name];
    if (service !== undefined && machine.has(name)) machine.disable(service);
  }
}

function report(absent: readonly ProgramName[], say: (line: string) => void): boolean {
  for (const name of absent) {
    const { absent: consequence, package: package_ } = PROGRAMS[name];
    const what = consequence === "fail" ? "the tests cannot run" : "tests that need it are skipped";
    say(`There is no ${name}: ${what} (Debian: apt-get install ${package_})`);
  }
  return absent.every((name) => PROGRAMS[name].absent === "skip");
}

/** What apt-get gives as the reason, in one line. */
function reasonIn({ output }: AptAnswer): string {
  const lines = output.trim().split("\n");
  return (lines.find((line) => line.startsWith("E: ")) ?? lines.at(-1) ?? "").replace(/^E: /, "");
}

/** Why this machine gets nothing installed; null when it may. Throws when PIXELGATE_TEST_INSTALL cannot be read. */
export function whyNotInstalled(wish: string | undefined, isRoot: boolean, hasApt: boolean): string | null {
  if (wish !== undefined && wish !== "" && wish !== "yes" && wish !== "no") {
    throw new Error(`Cannot read PIXELGATE_TEST_INSTALL: "${wish}" is not yes or no`);
  }
  if (wish === "no") return "PIXELGATE_TEST_INSTALL is no";
  if (!hasApt) return "there is no apt-get here";
  return isRoot ? null : "only root may";
}

function thisMachine(): Machine {
  const hasApt = Bun.which("apt-get") !== null;
  // For packages whose service would start at once, on ports that tests and their developer may use.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1", SYSTEMD_OFFLINE: "1" };
  return {
    has: (name) => findProgram(name) !== null,
    obstacle: whyNotInstalled(process.env.PIXELGATE_TEST_INSTALL, process.getuid?.() === 0, hasApt),
    aptGet(...words) {
      const { status, stdout, stderr } = spawnSync("apt-get", ["-q", ...words], {
        env,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
        timeout: APT_LIMIT_MS,
        maxBuffer: 64 * 1024 * 1024,
      });
      return { isDone: status === 0, output: stdout + stderr };
    },
    disable(service) {
      if (Bun.which("systemctl") !== null) spawnSync("systemctl", ["--quiet", "disable", service]);
    },
  };
}

if (import.meta.main) {
  try {
    const isPrepared = prepare(thisMachine(), console.log);
    if (isPrepared && process.argv.includes("--newer-nats")) unpackNewerNats(console.log);
    process.exitCode = isPrepared ? 0 : 1;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 2;
  }
}
