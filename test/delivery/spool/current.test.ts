// The file in use when somebody takes it away, and when the disk has no room for it.
import { expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { readSpool } from "../../../src/delivery/spool/reader.ts";
import { afterTest, putAwayAfterEach, temporaryFolder } from "../../support/parts.ts";
import { append, appendMany, ids, MIB, open, waiting } from "../../support/spools.ts";
import { whyNoMounts } from "../../support/system.ts";
import { unless } from "../../support/unless.ts";
import { until } from "../../support/until.ts";

putAwayAfterEach();

const ALL = Array.from({ length: 300 }, (_, index) => `e${index}`);

/** How a file can go: removed with its folder, moved, or with another one moved over it. */
const WAYS: readonly [how: string, act: (folder: string) => void][] = [
  ["its folder is removed", (folder) => rmSync(folder, { recursive: true })],
  ["it is removed", (folder) => rmSync(join(folder, "spool.db"))],
  ["it is moved away", (folder) => renameSync(join(folder, "spool.db"), join(folder, "elsewhere"))],
  [
    "another file is moved over it",
    (folder) => {
      writeFileSync(join(folder, "other"), "no database at all ".repeat(500));
      renameSync(join(folder, "other"), join(folder, "spool.db"));
    },
  ],
];

test("close brings over at once what would be lost with a file that has just gone", async () => {
  const folder = join(temporaryFolder(), "data");
  const { spool } = open(folder);
  await appendMany(spool, 3000, JSON.stringify({ filler: "x".repeat(500) }));
  rmSync(folder, { recursive: true });
  spool.close();
  expect(ids(open(folder).spool)).toHaveLength(3000);
});

test("look leaves the log of a spool that is moved in, and its events are there", async () => {
  const folder = temporaryFolder();
  const [data, stage] = [join(folder, "data"), join(folder, "stage")];
  const { spool, log } = open(data);
  await append(spool, "old");
  // A spool whose last events are in its log alone, as a copy of a running one has them.
  const other = open(stage).spool;
  await appendMany(other, 50, JSON.stringify({ filler: "x" }));
  mkdirSync(join(folder, "copy"));
  for (const name of ["spool.db", "spool.db-wal"])
    copyFileSync(join(stage, name), join(folder, "copy", name));
  for (const name of ["spool.db-wal", "spool.db"]) renameSync(join(folder, "copy", name), join(data, name));
  await until("it is noticed", () => log.lines.join().includes("a new spool is begun"));
  await until("both are there", () => spool.rows === 51 && spool.salvageLeft === null);
  expect(ids(spool).toSorted()).toEqual(
    ["old", ...Array.from({ length: 50 }, (_, index) => `e${index}`)].toSorted(),
  );
});

test("look keeps what is in a log that somebody has removed", async () => {
  const folder = temporaryFolder();
  const { spool, log } = open(folder);
  await append(spool, "before");
  await until("the log is known", () => statSync(join(folder, "spool.db-wal")).size > 0);
  await new Promise((resolve) => setTimeout(resolve, 600));
  for (const suffix of ["-wal", "-shm"]) rmSync(join(folder, `spool.db${suffix}`));
  await append(spool, "after");
  await until("it is noticed", () => log.lines.join().includes("log gone"));
  expect(await append(spool, "late")).toBe(true);
  // As another process reads it, and so as it would be found after a kill.
  expect(readSpool(folder, { afterSeq: 0, limit: 10 }).map(({ id }) => id)).toEqual([
    "before",
    "after",
    "late",
  ]);
});

for (const [how, act] of WAYS) {
  test(`look begins a new file when ${how}, and the events of the old one come over`, async () => {
    const folder = join(temporaryFolder(), "data");
    const { spool, log } = open(folder);
    await appendMany(spool, 300, JSON.stringify({ filler: "x".repeat(500) }));
    const [done] = waiting(spool, { limit: 1 });
    if (done === undefined) throw new Error("nothing was spooled");
    act(folder);
    spool.remove(done, "warehouse");
    await until("it is noticed", () => log.lines.join().includes("a new spool is begun"));
    expect(log.lines.join()).toContain("the spool's file is gone, or another one is in its place");
    expect(await append(spool, "new")).toBe(true);
    await until("the others are back", () => spool.rows === 300 && spool.salvageLeft === null);
    expect(ids(spool).toSorted()).toEqual([...ALL.slice(1), "new"].toSorted());
    spool.close();
    expect(statSync(join(folder, "spool.db")).size).toBeGreaterThan(100_000);
    expect(ids(open(folder).spool)).toHaveLength(300);
  });
}

const withMounts = unless(whyNoMounts());

/** A disk of two MiB, and what fills it to the last byte. */
function smallDisk() {
  const folder = temporaryFolder();
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", folder]);
  afterTest(() => execFileSync("umount", ["--lazy", folder]));
  const filler = join(folder, "filler");
  return {
    data: join(folder, "data"),
    fill() {
      const file = openSync(filler, "w");
      try {
        for (;;) writeSync(file, Buffer.alloc(4096));
      } catch {
        closeSync(file);
      }
    },
    free: () => rmSync(filler),
  };
}

withMounts.test(
  "openSpool starts on a full disk: it refuses, gives what it has, and takes events again with the room",
  async () => {
    const { data, fill, free } = smallDisk();
    const first = open(data).spool;
    await appendMany(first, 300, JSON.stringify({ filler: "x".repeat(500) }));
    first.close();
    fill();
    const { spool, log } = open(data);
    expect(spool.state).toBe("full");
    expect(log.lines.join()).toContain("the spool is full");
    expect(ids(spool)).toEqual(ALL);
    // Over some looks for room, too.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(ids(spool)).toEqual(ALL);
    expect(await append(spool, "new")).toBe(false);
    for (const one of waiting(spool, { limit: 100 })) spool.remove(one, "warehouse");
    expect(ids(spool)).toEqual(ALL.slice(100));
    free();
    await until("there is room", () => spool.state === "open");
    expect(await append(spool, "late")).toBe(true);
    await until("what is done is gone", () => spool.rows === 201);
    expect(ids(spool)).toEqual([...ALL.slice(100), "late"]);
  },
  30_000,
);

withMounts.test(
  "quarantine on a full disk waits for room, and then every event comes back",
  async () => {
    const { data, fill, free } = smallDisk();
    const { spool } = open(data);
    await appendMany(spool, 300, JSON.stringify({ filler: "x".repeat(500) }));
    spool.close();
    const path = join(data, "spool.db");
    const file = openSync(path, "r+");
    // An inner page of the tree, so that reading meets the damage and not opening.
    writeSync(file, Buffer.alloc(4096, 0xa5), 0, 4096, 3 * 4096);
    closeSync(file);
    const again = open(data);
    fill();
    for (let round = 0; round < 5; round++) ids(again.spool);
    await append(again.spool, "refused");
    free();
    await until("all are back", () => again.spool.salvageLeft === null && again.spool.rows >= 295);
    again.spool.close();
    expect(again.log.lines.join()).not.toContain("finalized");
  },
  30_000,
);

withMounts.test(
  "openSpool starts on a full disk that all of its events leave, and goes on",
  async () => {
    const { data, fill } = smallDisk();
    const first = open(data).spool;
    await appendMany(first, 300, JSON.stringify({ filler: "x".repeat(500) }));
    first.close();
    fill();
    const { spool } = open(data);
    for (const one of waiting(spool, { limit: 1000 })) spool.remove(one, "warehouse");
    await until("there is room", () => spool.state === "open" && spool.rows === 0);
    expect(await append(spool, "late")).toBe(true);
  },
  30_000,
);

withMounts.test(
  "openSpool starts on a full disk without a file, and makes it when there is room",
  async () => {
    const { data, fill, free } = smallDisk();
    mkdirSync(data);
    fill();
    const { spool } = open(data, 64 * MIB);
    expect(spool).toMatchObject({ state: "full", rows: 0 });
    expect(await append(spool, "new")).toBe(false);
    free();
    await until("there is room", () => spool.state === "open");
    expect(await append(spool, "late")).toBe(true);
    expect(ids(spool)).toEqual(["late"]);
  },
  30_000,
);
