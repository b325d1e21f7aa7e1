// The nats-servers of Debian's newer releases, unpacked into a cache folder beside the system, which stays as it is: from
// where this machine gets its own packages, with lists of apt's own, so that anybody may, not root alone.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { compareVersions, natsVersion } from "./natsbinaries.ts";
import { findProgram } from "./system.ts";

/** Debian's present release, and the next one: where this machine has the first already, the second is what is new. */
const RELEASES = ["stable", "testing"];
const KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg";
const LIMIT_MS = 300_000;

/** Runs a program in a folder and returns what it printed; throws its last words when it fails. */
export type Run = (program: string, words: readonly string[], folder: string) => string;

/** Unpacks what is newer than this machine's own nats-server, and says which line of NATS_SERVERS names them all. */
export function unpackNewerNats(
  say: (line: string) => void,
  run: Run = runHere,
  cache = cacheFolder(),
): void {
  const own = findProgram("nats-server");
  const servers = new Map<string, string>(own === null ? [] : [[natsVersion(own), own]]);
  const oldest = [...servers.keys()][0] ?? "0";
  mkdirSync(join(cache, "lists/partial"), { recursive: true });
  mkdirSync(join(cache, "archives/partial"), { recursive: true });
  const sources = join(cache, "sources.list");
  const mirror = debianMirror(
    run("apt-get", ["indextargets", "--format", FIELDS, "Identifier: Packages"], cache),
  );
  const signed = existsSync(KEYS) ? ` [signed-by=${KEYS}]` : "";
  writeFileSync(sources, RELEASES.map((release) => `deb${signed} ${mirror} ${release} main\n`).join(""));
  const options = optionsFor(cache, sources);
  say(`Reading the lists of Debian ${RELEASES.join(" and ")} into ${cache}`);
  run("apt-get", [...options, "-q", "update"], cache);
  for (const release of RELEASES) {
    const folder = join(cache, release);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    run("apt-get", [...options, "-q", "download", `nats-server/${release}`], folder);
    const [file = ""] = readdirSync(folder).filter((name) => name.endsWith(".deb"));
    run("dpkg-deb", ["--extract", file, "."], folder);
    const path = join(folder, "usr/sbin/nats-server");
    const version = natsVersion(path);
    if (compareVersions(version, oldest) > 0 && !servers.has(version)) servers.set(version, path);
  }
  const sorted = [...servers].toSorted(([one], [other]) => compareVersions(one, other));
  for (const [version, path] of sorted) say(`nats-server ${version}: ${path}`);
  say(`NATS_SERVERS=${sorted.map(([, path]) => path).join(",")}`);
}

const FIELDS = "$(ORIGIN)|$(COMPONENT)|$(REPO_URI)|$(RELEASE)";

/** Where this machine gets Debian's packages from, by apt's own word: its first source that is no collection of updates. */
export function debianMirror(targets: string): string {
  const sources = targets.split("\n").map((line) => line.split("|"));
  const [, , mirror] =
    sources.find(([origin, component, , release = ""]) => {
      return origin === "Debian" && component === "main" && !/[-/]/.test(release);
    }) ?? [];
  if (mirror === undefined)
    throw new Error("Cannot find newer nats-servers: apt has no source of Debian: apt-get update");
  return mirror;
}

/** Has apt keep its lists and files in the folder, know these sources alone, and ask for no other user's rights. */
function optionsFor(cache: string, sources: string): string[] {
  const settings = {
    "Dir::Etc::SourceList": sources,
    "Dir::Etc::SourceParts": "/dev/null",
    "Dir::State::Lists": join(cache, "lists"),
    "Dir::Cache": cache,
    "APT::Sandbox::User": "root",
    "Acquire::Languages": "none",
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "pixelgate-nats");
}

function runHere(program: string, words: readonly string[], folder: string): string {
  const { status, stdout, stderr, error } = spawnSync(program, words, {
    cwd: folder,
    encoding: "utf8",
    timeout: LIMIT_MS,
    maxBuffer: 16 * 1024 * 1024,
  });
  if (status === 0) return stdout;
  const reason = error?.message ?? (stderr.trim().split("\n").at(-1) || `exit code ${status}`);
  throw new Error(`Cannot find newer nats-servers: ${program} ${words.at(-1)}: ${reason}`);
}
