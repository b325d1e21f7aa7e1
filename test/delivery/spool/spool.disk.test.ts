import { expect, test } from "bun:test";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SpoolError } from "../../../src/delivery/spool/fault.ts";
import { afterTest, putAwayAfterEach, temporaryFolder } from "../../support/parts.ts";
import { append, ids, MIB, open, waiting } from "../../support/spools.ts";
import { whyNoMounts, whyNot } from "../../support/system.ts";
import { unless } from "../../support/unless.ts";
import { until } from "../../support/until.ts";

putAwayAfterEach();

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
    for (const one of waiting(spool, { limit: 10_000 })) spool.remove(one, "warehouse");
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
    const payload = new Uint8Array(10000).fill(120);
    const copies = [{ route: { destinationId: "d", subject: "s.d.page" }, mayBeStored: false, quarantine: null }];
    const one = { id: "e", sourceId: "s", type: "page", payload, routes: [] };
    const append = () => new Promise((resolve) => spool.append(one, copies, resolve));
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
    const copies = [{ route: { destinationId: "d", subject: "s.d.page" }, mayBeStored: false, quarantine: null }];
    const one = (id) => ({ id, sourceId: "s", type: "page", payload: new Uint8Array([123, 125]), routes: [] });
    const append = (id) => new Promise((resolve) => spool.append(one(id), copies, resolve));
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
