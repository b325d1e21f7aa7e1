// Does by hand what an image builder does with the Dockerfile: runs the very lines of its build stage in a folder,
// and lays out the file system of its last stage. Knows the few instructions that the file uses, and refuses others.
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, cpSync, lchownSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { whyNot } from "../support/system.ts";

const ROOT = join(import.meta.dirname, "../..");

/** One instruction of a Dockerfile: its word in capitals, and the rest of its lines as one. */
export interface Instruction {
  readonly word: string;
  readonly rest: string;
}

/** The image that a Dockerfile describes, laid out in a folder. */
export interface Image {
  /** Its root folder on this machine. */
  readonly root: string;
  /** The binary, where the build stage left it. */
  readonly binary: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly user: number;
  readonly group: number;
  readonly entrypoint: readonly string[];
  readonly healthcheck: readonly string[];
}

/** Reads a Dockerfile: comments go, and lines that end with a backslash join the next. */
export function readInstructions(text: string): Instruction[] {
  const lines = text
    .split("\n")
    .filter((line) => !/^\s*#/.test(line))
    .join("\n")
    .replaceAll(/\\\n\s*/g, "")
    .split("\n");
  return lines.flatMap((line) => {
    const match = /^([A-Z]+)\s+(.*)$/.exec(line.trim());
    if (match === null && line.trim() !== "") throw new Error(`Cannot read the Dockerfile: ${line}`);
    return match === null ? [] : [{ word: match[1] ?? "", rest: match[2] ?? "" }];
  });
}

/**
 * Builds the image of the project's Dockerfile below `folder`, which must be new; `buildArgs` are what a builder is
 * given with `--build-arg`. Takes some seconds.
 */
export function buildImage(folder: string, buildArgs: Readonly<Record<string, string>> = {}): Image {
  const instructions = readInstructions(readFileSync(join(ROOT, "Dockerfile"), "utf8"));
  const last = instructions.findLastIndex(({ word }) => word === "FROM");
  const stage = join(folder, "build-stage");
  const root = join(folder, "image");
  const workdir = runBuildStage(instructions.slice(0, last), stage, folder);
  const stageOfImage = instructions.slice(last);
  const labels = readLabels(stageOfImage, buildArgs);
  return { root, binary: join(workdir, "dist/pixelgate"), labels, ...layOut(stageOfImage, stage, root) };
}

/** The labels of a stage. An ARG has what the builder is given, or its default, from its line on. */
export function readLabels(
  instructions: readonly Instruction[],
  buildArgs: Readonly<Record<string, string>>,
): Record<string, string> {
  const values = new Map<string, string>();
  const labels: Record<string, string> = {};
  for (const { word, rest } of instructions) {
    if (word === "ARG") {
      const [name = "", fallback = ""] = rest.split("=");
      values.set(name, buildArgs[name] ?? fallback);
    } else if (word === "LABEL") {
      for (const [, name = "", text = ""] of rest.matchAll(/([\w.]+)="([^"]*)"/g)) {
        labels[name] = text.replaceAll(/\$(\w+)/g, (_, variable: string) => values.get(variable) ?? "");
      }
    }
  }
  return labels;
}

function runBuildStage(instructions: readonly Instruction[], stage: string, folder: string): string {
  const inContext = new Set(readFileSync(join(ROOT, ".dockerignore"), "utf8").match(/(?<=^!).+$/gm) ?? []);
  const bin = join(folder, "bin");
  mkdirSync(bin, { recursive: true });
  symlinkSync(process.execPath, join(bin, "bun"));
  let shell: string[] = ["/bin/sh", "-c"];
  let workdir = stage;
  for (const { word, rest } of instructions) {
    if (word === "FROM") continue;
    if (word === "SHELL") shell = JSON.parse(rest);
    else if (word === "WORKDIR") {
      workdir = join(stage, rest);
      mkdirSync(workdir, { recursive: true });
    } else if (word === "COPY") {
      const names = rest.split(/\s+/);
      const target = names.pop() ?? "";
      for (const name of names) {
        if (!inContext.has(name)) throw new Error(`Cannot copy ${name}: .dockerignore leaves it out`);
        const path = target.endsWith("/") ? join(target, name) : target;
        cpSync(join(ROOT, name), join(workdir, path), { recursive: true });
      }
    } else if (word === "RUN") {
      const [program = "", ...args] = shell;
      // The stage's own absolute paths, moved below this folder.
      const command = rest.replaceAll(/(?<=[\s'])\/(image|data)\b/g, `${stage}/$1`);
      const { PATH = "", HOME = folder } = process.env;
      execFileSync(program, [...args, command], {
        cwd: workdir,
        env: { PATH: `${bin}:${PATH}`, HOME },
        stdio: ["ignore", "ignore", "pipe"],
      });
    } else throw new Error(`Cannot run ${word} in the build stage: not known here`);
  }
  return workdir;
}

function layOut(instructions: readonly Instruction[], stage: string, root: string) {
  let env: Record<string, string> = {};
  let user = "";
  let entrypoint: string[] = [];
  let healthcheck: string[] = [];
  mkdirSync(root, { recursive: true });
  chmodSync(root, 0o755);
  for (const { word, rest } of instructions) {
    if (word === "COPY") {
      const match = /^--from=build(?: --chown=(\d+):(\d+))? (\S+) (\S+)$/.exec(rest);
      if (match === null) throw new Error(`Cannot copy ${rest}: not known here`);
      const [, owner, group, from = "", to = ""] = match;
      cpSync(join(stage, from), join(root, to), { recursive: true });
      if (owner !== undefined && process.getuid?.() === 0) {
        lchownSync(join(root, to), Number(owner), Number(group));
      }
    } else if (word === "ENV") {
      env = { ...env, ...Object.fromEntries(rest.split(/\s+/).map((pair) => pair.split("="))) };
    } else if (word === "USER") user = rest;
    else if (word === "ENTRYPOINT") entrypoint = JSON.parse(rest);
    else if (word === "HEALTHCHECK") healthcheck = JSON.parse(rest.slice(rest.indexOf("CMD ") + 4));
  }
  const [uid, gid] = user.split(":").map(Number);
  if (uid === undefined || gid === undefined) throw new Error(`Cannot use USER ${user}: not two numbers`);
  return { env, user: uid, group: gid, entrypoint, healthcheck };
}

/**
 * The command line that runs a program of an image as a container would: its own root, all of it read-only but
 * `/data`, its user, no way to more rights. Needs to be root; the network is this machine's.
 */
export function confine(image: Image, program: readonly string[]): string[] {
  for (const name of ["proc", "dev"]) mkdirSync(join(image.root, name), { recursive: true });
  // The mounts are of a namespace of their own, and end with the program.
  const script = `set -e; cd "$1"
    mount --bind . . ; cd "$1"
    mount -t proc proc proc
    mount -t tmpfs tmpfs dev
    for device in null zero random urandom; do touch dev/$device; mount --bind /dev/$device dev/$device; done
    mount --bind data data
    mount -o remount,bind,ro .
    root=$1; owner=$2; shift 2
    exec setpriv --no-new-privs chroot --userspec="$owner" "$root" "$@"`;
  const owner = `${image.user}:${image.group}`;
  return ["unshare", "--mount", "sh", "-c", script, "sh", image.root, owner, ...program];
}

/** Why no program can be confined here, or null when it can. */
export function whyNotConfined(): string | null {
  const absent = whyNot("unshare", "setpriv", "mount");
  if (absent !== null) return absent;
  if (process.getuid?.() !== 0) return "only root may mount and change its root";
  const words = ["--mount", "setpriv", "--no-new-privs", "true"];
  return spawnSync("unshare", words, { stdio: "ignore" }).status === 0
    ? null
    : "this machine lets nobody have mounts of their own";
}
