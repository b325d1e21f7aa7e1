// Which nats-server programs the tests run: those that NATS_SERVERS names, or the one of this machine.
import { execFileSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { findProgram } from "./system.ts";

/** The paths in a value of NATS_SERVERS, which commas or colons part; throws for one that cannot be run. */
export function readNatsServers(value: string): string[] {
  const paths = value.split(/[,:]/).flatMap((path) => path.trim() || []);
  for (const path of paths) {
    try {
      accessSync(path, constants.X_OK);
    } catch (cause) {
      throw new Error(`Cannot read NATS_SERVERS: "${path}" is no program`, { cause });
    }
  }
  return paths;
}

/** All nats-servers to prove, at least one; throws one line on how to get it where there is none. */
export function findNatsServers(): readonly [string, ...string[]] {
  const [first, ...others] = readNatsServers(process.env.NATS_SERVERS ?? "");
  if (first !== undefined) return [first, ...others];
  const path = findProgram("nats-server");
  if (path === null) {
    throw new Error("Cannot find nats-server: `bun run setup` installs it on Debian, or put it on PATH");
  }
  return [path];
}

/** The nats-server that tests start: the first of NATS_SERVERS, else the one of this machine. */
export function findNatsServer(): string {
  return findNatsServers()[0];
}

/** The version of a nats-server, such as `2.9.10`. */
export function natsVersion(path = findNatsServer()): string {
  return execFileSync(path, ["--version"], { encoding: "utf8" }).replace(/^.*v/, "").trim();
}

/** Below zero when the version `one` is older than the `other`, above when it is newer. */
export function compareVersions(one: string, other: string): number {
  const [left = [], right = []] = [one, other].map((version) => version.split(".").map(Number));
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Why a test of what came with a version, such as `2.10`, cannot run on the server in use; null when it can. */
export function whyTooOld(what: string, since: string): string | null {
  const version = natsVersion();
  return compareVersions(version, since) < 0
    ? `nats-server ${version} does not know ${what}, ${since} does`
    : null;
}
