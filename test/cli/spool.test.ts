// `pixelgate spool` on the folder of a machine that is gone: a copy of what a killed gateway has left.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { copyFileSync, cpSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { COMMANDS, type Ended, runCommand, startGateway } from "../support/gatewayprocess.ts";
import { createNats, type NatsServer, startNats } from "../support/natsserver.ts";
import { afterTest, putAwayAfterEach, readStream, temporaryFolder } from "../support/parts.ts";
import { until } from "../support/until.ts";

putAwayAfterEach();

const EVENTS = 200;
const BELONGS = "What lies beside a spool as -wal and -shm belongs to it: copy the three together\n";
let killed: string;
let nats: NatsServer;
/** What the commands say while the gateway runs. */
const beside: Record<string, Ended> = {};

beforeAll(async () => {
  nats = await startNats();
  killed = mkdtempSync(join(tmpdir(), "pixelgate-killed-"));
  const gateway = await startGateway({ dataDir: killed });
  const send = (name: string) => fetch(`${gateway.url}/pixel/v1/page?writeKey=demo&name=${name}`);
  const answers = await Promise.all(Array.from({ length: EVENTS }, (_, index) => send(`p${index}`)));
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  beside.list = await runCommand(["spool", "list", "--json"], gateway.env);
  beside.export = await runCommand(["spool", "export"], gateway.env);
  beside.drain = await runCommand(["spool", "drain"], { ...gateway.env, NATS_URL: nats.url });
  await gateway.stop("SIGKILL");
}, 60_000);
afterAll(async () => {
  await nats?.stop();
  rmSync(killed, { recursive: true, force: true });
});

/** A copy of the killed gateway's folder: whole, or of some of its files. */
function copy(...names: readonly string[]): string {
  const folder = temporaryFolder();
  if (names.length === 0) cpSync(killed, folder, { recursive: true });
  for (const name of names) copyFileSync(join(killed, name), join(folder, name));
  return folder;
}

test("spool list and spool export read beside a gateway that runs, and spool drain does not", () => {
  expect([beside.list?.code, beside.list?.stderr, beside.export?.code]).toEqual([0, "", 0]);
  expect(JSON.parse(beside.list?.stdout ?? "").total).toMatchObject({ events: EVENTS });
  expect(beside.export?.stdout.trim().split("\n")).toHaveLength(EVENTS);
  expect(beside.drain?.code).toBe(1);
  expect(beside.drain?.stderr).toMatch(
    /Cannot use the data directory "[^"]+": the gateway with pid \d+ on host \S+ holds it since \S+\n$/,
  );
});

test("spool list counts the events of a folder, by file and by destination, and changes nothing", async () => {
  const folder = copy();
  const before = readdirSync(folder);
  const { code, stdout, stderr } = await runCommand(["spool", "list", folder]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(
    /^spool\.db spool\.db-wal spool\.db-shm\n {2}200 events, \d+ bytes, spooled from 20\S+Z to 20\S+Z\n {2}→ demo {2}200 copies, \d+ bytes, the oldest from 20\S+Z\ntotal\n/,
  );
  expect(stdout).toEndWith(BELONGS);
  expect(readdirSync(folder)).toEqual(before);
});

test("spool list and spool export take a file in that was damaged and set aside", async () => {
  const folder = copy();
  for (const suffix of ["", "-wal"]) {
    renameSync(join(folder, `spool.db${suffix}`), join(folder, `spool.db.damaged-20261125T100000Z${suffix}`));
  }
  const { code, stdout } = await runCommand(["spool", "list", folder, "--json"]);
  expect(code).toBe(0);
  const { files, total } = JSON.parse(stdout);
  expect(files).toMatchObject([{ isDamaged: true, events: EVENTS, log: "whole", fault: null }]);
  expect(total).toMatchObject({ events: EVENTS, destinations: { demo: EVENTS } });
  const { stdout: lines } = await runCommand(["spool", "export", folder]);
  expect(lines.trim().split("\n")).toHaveLength(EVENTS);
});

test("spool export says how many rows are no events any more, and prints the others", async () => {
  const folder = copy();
  const file = new DatabaseSync(join(folder, "spool.db"));
  file.exec("UPDATE events SET routes = 'x' WHERE seq IN (SELECT seq FROM events LIMIT 2)");
  file.close();
  const { code, stdout, stderr } = await runCommand(["spool", "export", folder]);
  expect([code, stdout.trim().split("\n").length]).toEqual([1, EVENTS - 2]);
  expect(stderr).toEndWith("Cannot export all: 2 rows are damaged and no events any more\n");
});

test("spool export prints each event with its subjects, one a line, and changes nothing", async () => {
  const folder = copy();
  const { code, stdout, stderr } = await runCommand(["spool", "export", folder]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: `${BELONGS}200 events exported in all\n` });
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const names = lines.map(({ event }) => event.name).toSorted();
  expect(names).toEqual(Array.from({ length: EVENTS }, (_, index) => `p${index}`).toSorted());
  for (const { destinations } of lines) {
    expect(destinations).toEqual([
      { id: "demo", subject: "pixel.demo.page", messageId: expect.stringMatching(/^[\w-]+\.demo$/) },
    ]);
  }
  const again = await runCommand(["spool", "export", folder]);
  expect(again.stdout).toBe(stdout);
});

test("spool drain stores every event of a killed gateway in the stream", async () => {
  const folder = copy();
  const env = { NATS_URL: nats.url };
  const { code, stdout, stderr } = await runCommand(["spool", "drain", folder], env);
  expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
  expect(stderr).toEndWith(
    "200 events stored in NATS, 0 left\nThe spool files are empty and stay where they are\n",
  );
  expect(await readStream(nats.url)).toHaveLength(EVENTS);
  const list = await runCommand(["spool", "list", folder, "--json"]);
  expect(JSON.parse(list.stdout).total).toMatchObject({ events: 0 });
  // The stream knows the messages: a second copy adds none, whoever drains it.
  expect((await runCommand(["spool", "drain", copy()], env, COMMANDS.deno)).code).toBe(0);
  expect(await readStream(nats.url)).toHaveLength(EVENTS);
}, 30_000);

for (const action of ["list", "export", "drain"]) {
  test(`spool ${action} warns of a spool that was copied without its -wal`, async () => {
    const { code, stderr } = await runCommand(["spool", action, copy("spool.db")], { NATS_URL: nats.url });
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /was not closed cleanly and (spool\.db-wal|its log) is missing: what was spooled last may be lost/,
    );
  });
}

test("spool drain says every second how far it is, and what is left when it is stopped", async () => {
  const absent = await createNats();
  afterTest(absent.stop);
  const [program = "", ...words] = COMMANDS.bun;
  const child = spawn(program, [...words, "spool", "drain", copy()], {
    env: { PATH: process.env.PATH, NATS_URL: absent.url },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  afterTest(() => child.kill("SIGKILL"));
  let output = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  await until("it has said how far it is", () => output.includes("0 events stored, 200 left\n"));
  child.kill("SIGINT");
  expect(await exited).toBe(1);
  expect(output).toEndWith(
    "0 events stored in NATS, 200 left\nCannot drain all: it was stopped. What is left stays in the spool; run it again\n",
  );
}, 30_000);

test("spool list ends with exit code 1 where a file cannot be read, and says what can be done", async () => {
  const folder = copy("spool.db");
  writeFileSync(join(folder, "spool-1.db"), "no database at all ".repeat(500));
  const { code, stdout } = await runCommand(["spool", "list", folder]);
  expect(code).toBe(1);
  expect(stdout).toContain('cannot be read: file is not a database; "pixelgate spool drain" brings back');
});

const WRONG: readonly (readonly [words: readonly string[], code: number, line: RegExp])[] = [
  [[], 2, /^Cannot run spool: "" is not list, drain, export, retry or discard\. Try: pixelgate --help\n$/],
  [["empty"], 2, /^Cannot run spool: "empty" is not list, drain, export, retry or discard\./],
  [["drain", ".", "--json"], 2, /^Cannot run spool drain: --json is for spool list\n$/],
  [
    ["retry", ".", "--quarantine"],
    2,
    /^Cannot run spool retry: --quarantine is for spool list or spool export\n$/,
  ],
  [["retry", ".", "--yes"], 2, /^Cannot run spool retry: --yes is for spool discard\n$/],
  [
    ["drain", ".", "--destination", "ads"],
    2,
    /^Cannot run spool drain: --destination is for spool list, spool export, spool retry or spool discard\n$/,
  ],
  [["list", ".", "now"], 2, /^Cannot run spool: "now" is one word too many\./],
  [["list", "/nowhere"], 1, /^Cannot read the data directory "\/nowhere": no such folder\n$/],
  [["drain", import.meta.dirname], 1, /^Cannot drain "[^"]+": there is no spool in it\n$/],
];
for (const [words, code, line] of WRONG) {
  test(`spool ${words.map((word) => word.replace(import.meta.dirname, "test/cli")).join(" ")} ends with exit code ${code} and one line`, async () => {
    const ended = await runCommand(["spool", ...words], { NATS_URL: nats.url });
    expect([ended.code, ended.stdout]).toEqual([code, ""]);
    expect(ended.stderr).toMatch(line);
  });
}

test("spool drain wants NATS_URL", async () => {
  const { code, stderr } = await runCommand(["spool", "drain", killed]);
  expect([code, stderr]).toEqual([2, `Cannot drain "${killed}": NATS_URL is not set\n`]);
});

test("spool drain wants the configuration file, which says where events go, without a fault", async () => {
  const file = join(temporaryFolder(), "pixelgate.json");
  writeFileSync(file, JSON.stringify({ sources: [], destinations: [{ id: "demo", maxAge: "1h" }] }));
  const env = { NATS_URL: nats.url, PIXELGATE_CONFIG: file };
  const { code, stderr } = await runCommand(["spool", "drain", killed], env);
  expect(code).toBe(2);
  expect(stderr).toContain(`Cannot use ${file}: destinations[0].maxAge: needs stream, which is missing\n`);
});
