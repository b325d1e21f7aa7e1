// The programs of the system that the tests use: what each is for, how to get it, and what its absence means. Whether
// and how one is installed is setup.ts's matter.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface SystemProgram {
  /** Debian's package. */
  readonly package: string;
  /** What needs it, as the end of "needed for …". */
  readonly purpose: string;
  /** Without it the run fails, or the tests that need it are skipped and say why. */
  readonly absent: "fail" | "skip";
  /** Whether setup installs it; what it leaves alone only adds a second opinion. */
  readonly isInstalled: boolean;
  /** The service that the package brings and that no test wants. */
  readonly service?: string;
}

const BASE = { absent: "skip", isInstalled: true } as const;

export const PROGRAMS = {
  "nats-server": {
    package: "nats-server",
    purpose: "every test of delivery, on real servers",
    absent: "fail",
    isInstalled: true,
    service: "nats-server.service",
  },
  strace: { ...BASE, package: "strace", purpose: "the proof that a 200 of the spool follows an fsync" },
  openssl: { ...BASE, package: "openssl", purpose: "certificates of a test's own, for NATS over TLS" },
  chromium: { ...BASE, package: "chromium", purpose: "pixels and the live page in a real browser" },
  mount: { ...BASE, package: "mount", purpose: "disks that are full, small or read-only" },
  unshare: { ...BASE, package: "util-linux", purpose: "mounts that end with a test" },
  setpriv: { ...BASE, package: "util-linux", purpose: "the image, run without rights" },
  script: { ...BASE, package: "bsdutils", purpose: "log lines on a terminal" },
  wrk: { ...BASE, isInstalled: false, package: "wrk", purpose: "benches with --generator wrk" },
  promtool: {
    ...BASE,
    isInstalled: false,
    package: "prometheus",
    purpose: "Prometheus' own word on its files",
  },
  "docker-compose": {
    ...BASE,
    isInstalled: false,
    package: "docker-compose",
    purpose: "Docker's own word on compose.yaml",
  },
} as const satisfies Record<string, SystemProgram>;

export type ProgramName = keyof typeof PROGRAMS;

/** Where Debian has servers and an administrator's tools: not on everybody's PATH. */
const MORE_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/** The path of a program, or null where it is absent. */
export function findProgram(name: ProgramName): string | null {
  return Bun.which(name, { PATH: [process.env.PATH ?? "", ...MORE_FOLDERS].join(":") });
}

/** Why none of these programs' work can be done here, with how to get the first that is absent; null when all are there. */
export function whyNot(...names: readonly ProgramName[]): string | null {
  const absent = names.find((name) => findProgram(name) === null);
  return absent === undefined
    ? null
    : `there is no ${absent} here (Debian: apt-get install ${PROGRAMS[absent].package})`;
}

/** Why a test cannot mount anything here; null when it can. */
export function whyNoMounts(): string | null {
  const absent = whyNot("mount");
  if (absent !== null) return absent;
  if (process.getuid?.() !== 0) return "only root may mount";
  // Root of a container often may not.
  const folder = mkdtempSync(join(tmpdir(), "pixelgate-mount-"));
  const isDone = (...words: string[]) =>
    spawnSync(words[0] ?? "", words.slice(1), { stdio: "ignore" }).status === 0;
  try {
    const canMount = isDone("mount", "-t", "tmpfs", "tmpfs", folder) && isDone("umount", folder);
    return canMount ? null : "this machine lets nobody mount";
  } finally {
    rmdirSync(folder);
  }
}
