import { expect, test } from "bun:test";
import { execFileSync, spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { SpoolError } from "../../../src/delivery/spool/fault.ts";
import { lastSpooledSeq, readSpool } from "../../../src/delivery/spool/reader.ts";
import { openSpool, type Spool } from "../../../src/delivery/spool/spool.ts";
import { afterTest, event, putAwayAfterEach, recordLog, temporaryFolder } from "../../support/parts.ts";
import { whyNoMounts, whyNot } from "../../support/system.ts";
import { unless } from "../../support/unless.ts";
import { until } from "../../support/until.ts";

putAwayAfterEach();

const MIB = 1024 * 1024;

function open(dataDir: string, maxBytes = 64 * MIB, clock: () => number = Date.now) {
  const log = recordLog();
  const spool = openSpool({ dataDir, maxBytes, log, clock });
  afterTest(() => spool.close());
  return { spool, log };
}

function append(spool: Spool, id: string, payload?: string): Promise<boolean> {
  const one = payload === undefined ? event(id) : event(id, { payload });
  return new Promise((resolve) => spool.append(one, one.routes, false, resolve));
}

function ids(spool: Spool): string[] {
  return spool.read({ afterSeq: 0, limit: 10_000 }).map(({ id }) => id);
}

function appendMany(spool: Spool, count: number, payload: string): Promise<boolean[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => append(spool, `e${index}`, payload)));
}

test("openSpool keeps events over a close, oldest first and whole", async () => {
  const folder = temporaryFolder();
  const first = open(folder, 64 * MIB, () => 1_700_000_000_000).spool;
  const one = event("one", {
    type: "track",
    sourceId: "shop",
    payload: '{"name":"Ünïcödé \\u0000 👋"}',
    routes: [
      { destinationId: "warehouse", subject: "pixel.warehouse.track" },
      { destinationId: "alerts", subject: "pixel.alerts.track" },
    ],
  });
  const isSafe = await new Promise((resolve) => first.append(one, one.routes.slice(1), true, resolve));
  await append(first, "two");
  expect(isSafe).toBe(true);
  expect(first.rows).toBe(2);
  expect(first.oldestAt).toBe(1_700_000_000_000);
  first.close();

  const again = open(folder).spool;
  const events = again.read({ afterSeq: 0, limit: 10 });
  expect(events.map(({ id }) => id)).toEqual(["one", "two"]);
  expect(events[0]).toMatchObject({
    ...one,
    routes: [{ destinationId: "alerts", subject: "pixel.alerts.track" }],
    spooledAtMs: 1_700_000_000_000,
  });
  expect(again.rows).toBe(2);
  expect(again.bytes).toBe(one.payloadBytes + event("two").payloadBytes);
  expect(one.payloadBytes).toBeGreaterThan(one.payload.length);
  expect(again.oldestAt).toBe(1_700_000_000_000);
  const sent = again.read({ afterSeq: 0, limit: 10, onlyMaybeStored: true });
  expect(sent.map(({ id }) => id)).toEqual(["one"]);
});

test("append commits what one turn brings as one transaction, and answers after it", async () => {
  const { spool } = open(temporaryFolder());
  const order: string[] = [];
  for (const id of ["a", "b", "c"]) {
    const one = event(id);
    spool.append(one, one.routes, false, () => order.push(`${id}:${spool.rows}`));
  }
  order.push(`before:${spool.rows}`);
  await until("all are answered", () => order.length === 4);
  expect(order).toEqual(["before:0", "a:3", "b:3", "c:3"]);
});

test("remove deletes rows, also from the count, and they are never read again", async () => {
  const folder = temporaryFolder();
  const { spool } = open(folder);
  for (const id of ["a", "b", "c"]) await append(spool, id);
  const events = spool.read({ afterSeq: 0, limit: 2 });
  for (const one of events) spool.remove(one);
  expect(ids(spool)).toEqual(["c"]);
  await until("they are deleted", () => spool.rows === 1);
  spool.close();
  const again = open(folder).spool;
  expect(ids(again)).toEqual(["c"]);
  expect(again.rows).toBe(1);
});

test("keep leaves a row with the routes it still needs", async () => {
  const { spool } = open(temporaryFolder());
  const routes = [
    { destinationId: "a", subject: "pixel.a.page" },
    { destinationId: "b", subject: "pixel.b.page" },
  ];
  const one = event("one", { routes });
  await new Promise((resolve) => spool.append(one, routes, false, resolve));
  const [found] = spool.read({ afterSeq: 0, limit: 1 });
  if (found === undefined) throw new Error("nothing was spooled");
  spool.keep(found, routes.slice(1));
  spool.flush();
  expect(spool.read({ afterSeq: 0, limit: 1 })[0]?.routes).toEqual(routes.slice(1));
});

test("append refuses past the bound, says full, and takes events again when rows are gone", async () => {
  const folder = temporaryFolder();
  const { spool, log } = open(folder, MIB);
  const payload = JSON.stringify({ filler: "x".repeat(10_000) });
  const answers = await appendMany(spool, 50, payload);
  expect(answers).not.toContain(false);
  let refused = 0;
  for (let round = 0; round < 100 && refused === 0; round++)
    if (!(await append(spool, "more", payload))) refused++;
  expect(refused).toBe(1);
  expect(spool.state).toBe("full");
  expect(log.lines.join()).toContain("the spool is full");
  expect(statSync(join(folder, "spool.db")).size).toBeLessThanOrEqual(MIB);

  for (const one of spool.read({ afterSeq: 0, limit: 40 })) spool.remove(one);
  await until("there is room", () => spool.state === "open");
  expect(await append(spool, "late", payload)).toBe(true);
  expect(ids(spool)).toContain("late");
}, 30_000);

test("append loses nothing that it called safe when batches hit the bound", async () => {
  const folder = temporaryFolder();
  const { spool } = open(folder, MIB);
  const payload = JSON.stringify({ filler: "x".repeat(3000) });
  const safe: string[] = [];
  for (let batch = 0; batch < 12; batch++) {
    const answers = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const id = `${batch}-${index}`;
        return (await append(spool, id, payload)) ? id : null;
      }),
    );
    safe.push(...answers.filter((id) => id !== null));
  }
  expect(safe.length).toBeGreaterThan(100);
  expect(safe.length).toBeLessThan(480);
  spool.close();
  expect(ids(open(folder, MIB).spool)).toEqual(safe);
});

/** The name of the damaged file that was set aside, without the files beside it. */
function setAsideIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.includes(".damaged-") && !/-(wal|shm)$/.test(name));
}

function overwrite(path: string, position: number, bytes: Uint8Array): void {
  const file = openSync(path, "r+");
  writeSync(file, bytes, 0, bytes.length, position);
  closeSync(file);
}

test("openSpool sets a file aside that is not a database", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "spool.db"), "not a database at all ".repeat(500));
  const { spool, log } = open(folder);
  expect(await append(spool, "new")).toBe(true);
  expect(setAsideIn(folder)).toHaveLength(1);
  expect(log.lines.join()).toContain("the spool is damaged and set aside");
});

test("openSpool brings back what a damaged file still holds", async () => {
  const folder = temporaryFolder();
  const first = open(folder).spool;
  await appendMany(first, 300, JSON.stringify({ filler: "x".repeat(2000) }));
  first.close();
  const path = join(folder, "spool.db");
  // The last page is in use: the check of both ends at opening meets it.
  const size = statSync(path).size;
  for (let page = Math.floor(size / 4096) - 3; page * 4096 < size; page++) {
    overwrite(path, page * 4096, new Uint8Array(4096).fill(0xa5));
  }
  const { spool } = open(folder);
  expect(setAsideIn(folder)).toHaveLength(1);
  await until("most events are back", () => spool.rows > 200);
  expect(await append(spool, "new")).toBe(true);
});

test("openSpool survives a file cut short", async () => {
  const folder = temporaryFolder();
  const first = open(folder).spool;
  await appendMany(first, 300, JSON.stringify({ filler: "x".repeat(2000) }));
  first.close();
  const path = join(folder, "spool.db");
  const file = openSync(path, "r+");
  ftruncateSync(file, Math.floor(statSync(path).size / 2));
  closeSync(file);
  const { spool } = open(folder);
  expect(setAsideIn(folder)).toHaveLength(1);
  expect(await append(spool, "new")).toBe(true);
});

test("read sets a file aside whose damage shows while running, and the spool goes on", async () => {
  const folder = temporaryFolder();
  const first = open(folder).spool;
  await appendMany(first, 400, JSON.stringify({ filler: "x".repeat(2000) }));
  first.close();
  const path = join(folder, "spool.db");
  const pages = Math.floor(statSync(path).size / 4096);
  for (let page = Math.floor(pages / 2); page < pages / 2 + 20; page++) {
    overwrite(path, page * 4096, new Uint8Array(4096).fill(0xa5));
  }
  const { spool } = open(folder);
  expect(setAsideIn(folder)).toHaveLength(0);
  let last = 0;
  for (let round = 0; round < 20 && setAsideIn(folder).length === 0; round++) {
    last = spool.read({ afterSeq: last, limit: 50 }).at(-1)?.seq ?? last;
  }
  expect(setAsideIn(folder)).toHaveLength(1);
  expect(await append(spool, "new")).toBe(true);
  await until("events from both sides of the damage are back", () => spool.rows > 300);
  const back = ids(spool);
  expect(back).toContain("e0");
  expect(back).toContain("e399");
}, 30_000);

test("openSpool says in one line when the folder cannot be used", () => {
  const folder = temporaryFolder();
  const file = join(folder, "file");
  writeFileSync(file, "");
  expect(() => open(join(file, "data"))).toThrow(SpoolError);
  expect(() => open(join(file, "data"))).toThrow(
    /^Cannot create the data directory "[^"]+": it is not a directory$/,
  );
});

const withMounts = unless(whyNoMounts());

withMounts.test("openSpool says so when the folder is read-only", () => {
  const folder = temporaryFolder();
  execFileSync("mount", ["-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", folder]);
  afterTest(() => execFileSync("umount", [folder]));
  expect(() => open(folder)).toThrow(/^Cannot open the spool "[^"]+": the directory is not writable$/);
});

withMounts.test(
  "append refuses on a full disk, keeps what it had, and recovers with the room",
  async () => {
    const folder = temporaryFolder();
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", folder]);
    afterTest(() => execFileSync("umount", [folder]));
    const data = join(folder, "data");
    mkdirSync(data);
    const { spool } = open(data);
    const payload = JSON.stringify({ filler: "x".repeat(5000) });
    const safe: string[] = [];
    let refused = 0;
    for (let index = 0; index < 1000 && refused < 3; index++) {
      if (await append(spool, `e${index}`, payload)) safe.push(`e${index}`);
      else refused++;
    }
    expect(refused).toBe(3);
    expect(safe.length).toBeGreaterThan(20);
    expect(spool.state).toBe("full");
    expect(ids(spool)).toEqual(safe);

    // Even without room to write a deletion, what is delivered goes away and makes room.
    for (const one of spool.read({ afterSeq: 0, limit: 10_000 })) spool.remove(one);
    expect(ids(spool)).toEqual([]);
    await until("there is room", () => spool.state === "open" && spool.rows === 0);
    expect(await append(spool, "late", payload)).toBe(true);
    spool.close();
    expect(ids(open(data).spool)).toEqual(["late"]);
  },
  30_000,
);

test("append refuses when the disk fails, says so and not that the spool is full, and recovers with it", async () => {
  const folder = temporaryFolder();
  const script = `
    import { openSpool } from ${JSON.stringify(join(import.meta.dir, "../../../src/delivery/spool/spool.ts"))};
    const say = (text) => console.log(text);
    const log = { info: say, warn: say, error: say };
    const spool = openSpool({ dataDir: ${JSON.stringify(folder)}, maxBytes: ${64 * MIB}, log, clock: Date.now });
    const payload = "x".repeat(10000);
    const one = { id: "e", sourceId: "s", type: "page", payload, payloadBytes: payload.length, routes: [] };
    const append = () => new Promise((resolve) => spool.append(one, [], false, resolve));
    let safe = 0;
    while (await append()) safe++;
    console.log("refused", safe, spool.state);
    while (!(await append())) await Bun.sleep(20);
    console.log("taken", spool.rows - safe, spool.state);
    process.exit(0);
  `;
  // A file that may grow no longer fails to be written as a broken disk's does: with an error that is not "no space".
  const child = Bun.spawn(
    ["sh", "-c", 'trap "" XFSZ; ulimit -S -f 2048; exec "$@"', "sh", process.execPath, "-e", script],
    {
      stdout: "pipe",
      stderr: "inherit",
    },
  );
  afterTest(() => child.kill());
  let output = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    output += chunk;
    if (output.includes("refused") && !output.includes("mended")) {
      execFileSync("prlimit", ["--pid", String(child.pid), "--fsize=unlimited:"]);
      output += "mended\n";
    }
  }
  expect(output).toMatch(/^Cannot write the spool\nrefused \d+ failing\n/);
  expect(output).toMatch(/the spool takes events again\ntaken 1 open\n$/);
}, 30_000);

test("readSpool follows from another process while the gateway writes", async () => {
  const folder = temporaryFolder();
  expect(readSpool(folder, { afterSeq: 0, limit: 10 })).toEqual([]);
  const { spool } = open(folder);
  const start = lastSpooledSeq(folder);
  const script = `
    import { readSpool } from ${JSON.stringify(join(import.meta.dir, "../../../src/delivery/spool/reader.ts"))};
    let after = ${start}, count = 0;
    const deadline = Date.now() + 20000;
    while (count < 500 && Date.now() < deadline) {
      for (const event of readSpool(${JSON.stringify(folder)}, { afterSeq: after, limit: 100 })) {
        if (event.id !== "e" + count) throw new Error("expected e" + count + ", got " + event.id);
        after = event.seq; count++;
      }
      await Bun.sleep(1);
    }
    console.log(count);
  `;
  const reader = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "inherit" });
  for (let index = 0; index < 500; index++) {
    const isSafe = await append(spool, `e${index}`);
    if (!isSafe) throw new Error(`e${index} was refused`);
  }
  expect((await new Response(reader.stdout).text()).trim()).toBe("500");
  await reader.exited;
}, 30_000);

test("openSpool gives room back to the disk when a long backlog is gone", async () => {
  const folder = temporaryFolder();
  const { spool } = open(folder);
  await appendMany(spool, 4000, JSON.stringify({ filler: "x".repeat(3000) }));
  for (const one of spool.read({ afterSeq: 0, limit: 10_000 })) spool.remove(one);
  const path = join(folder, "spool.db");
  expect(existsSync(path)).toBe(true);
  await until("the file is small", () => {
    if (spool.rows === 0) readSpool(folder, { afterSeq: 0, limit: 1 });
    return spool.rows === 0 && statSync(path).size < 6 * MIB;
  });
  spool.close();
  rmSync(path);
}, 30_000);

const withStrace = unless(whyNot("strace"));

withStrace.test(
  "append has the disk's word before it answers, and one word for many events",
  async () => {
    const folder = temporaryFolder();
    const script = `
    import { writeSync } from "node:fs";
    import { openSpool } from ${JSON.stringify(join(import.meta.dir, "../../../src/delivery/spool/spool.ts"))};
    const log = { info() {}, warn() {}, error() {} };
    const spool = openSpool({ dataDir: ${JSON.stringify(folder)}, maxBytes: ${64 * MIB}, log, clock: Date.now });
    const one = (id) => ({ id, sourceId: "s", type: "page", payload: "{}", payloadBytes: 2, routes: [] });
    const append = (id) => new Promise((resolve) => spool.append(one(id), [], false, resolve));
    for (let index = 0; index < 20; index++) {
      if (!(await append("e" + index))) throw new Error("refused");
      writeSync(2, "answer " + index + "\\n");
    }
    await Promise.all(Array.from({ length: 1000 }, (_, index) => append("m" + index)));
    process.exit(0);
  `;
    const traced = spawnSync(
      "strace",
      ["-f", "-e", "trace=fsync,fdatasync,write", "-e", "signal=none", process.execPath, "-e", script],
      { encoding: "utf8", env: { PATH: process.env.PATH ?? "", HOME: folder } },
    );
    const lines = traced.stderr.split("\n");
    const syncs: number[] = [];
    let count = 0;
    for (const line of lines) {
      if (/f(data)?sync\(/.test(line)) count++;
      if (/write\(2, "answer \d+/.test(line)) syncs.push(count);
    }
    expect(syncs).toHaveLength(20);
    for (const [index, value] of syncs.entries()) expect(value).toBeGreaterThan(syncs[index - 1] ?? 0);
    expect(count - (syncs.at(-1) ?? 0)).toBeGreaterThan(0);
    expect(count - (syncs.at(-1) ?? 0)).toBeLessThan(20);
  },
  60_000,
);
