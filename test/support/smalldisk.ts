// Disks of a test's own: small ones, and full ones.
import { execFileSync } from "node:child_process";
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterTest } from "./parts.ts";

/** Mounts a disk in memory on a folder, with the options of tmpfs; it goes after the test. */
export function mountDisk(folder: string, options: string): void {
  execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder]);
  afterTest(() => execFileSync("umount", [folder]));
}

/** Fills the disk that a folder is on, to the last byte. */
export function fillDisk(folder: string): void {
  const file = openSync(join(folder, "filler"), "w");
  try {
    while (true) writeSync(file, Buffer.alloc(4096));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  } finally {
    closeSync(file);
  }
}
