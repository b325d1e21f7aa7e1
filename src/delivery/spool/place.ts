// Whether what stands at a spool's path is still the file that was opened there, with its own log beside it. Files are
// told by their inodes: a name says nothing.
import { rmSync, statSync } from "node:fs";
import { SPOOL_SUFFIXES } from "./name.ts";

/**
 * `ours`: all is as it was. `gone`: no file, or another one. `log gone`: the file is there, its log is not, or another
 * one is. `emptied`: somebody has cut the file to nothing.
 */
export type PlaceState = "ours" | "gone" | "log gone" | "emptied";

/** What lies beside the file while it is open. */
const COMPANIONS = SPOOL_SUFFIXES.slice(1);

/** The place of one open file. */
export class Place {
  readonly #path: string;
  #inode = 0;
  readonly #beside = new Map<string, number>();

  constructor(path: string) {
    this.#path = path;
  }

  /** Takes what is there now for ours: it has just been opened. */
  take(): void {
    this.#inode = inodeOf(this.#path);
    this.#beside.clear();
    this.#noteCompanions();
  }

  look(): PlaceState {
    const found = statSync(this.#path, { throwIfNoEntry: false });
    if (found === undefined || found.ino !== this.#inode) return "gone";
    if (found.size === 0) return "emptied";
    const log = this.#beside.get("-wal") ?? 0;
    if (log !== 0 && inodeOf(`${this.#path}-wal`) !== log) return "log gone";
    this.#noteCompanions();
    return "ours";
  }

  /** Removes log and index where they are still ours: beside another file they would pass for that file's own. */
  removeCompanions(): void {
    for (const [suffix, inode] of this.#beside) {
      const path = this.#path + suffix;
      if (inode !== 0 && inodeOf(path) === inode) rmSync(path, { force: true });
    }
  }

  /** SQLite makes them when it first needs them. */
  #noteCompanions(): void {
    for (const suffix of COMPANIONS) {
      if ((this.#beside.get(suffix) ?? 0) === 0) this.#beside.set(suffix, inodeOf(this.#path + suffix));
    }
  }
}

/** Which file a path names; 0 when it names none. */
export function inodeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? 0;
}
