import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Configuration, loadConfiguration } from "../../src/config/configuration.ts";
import { runAtOnce, type Steps } from "../../src/config/steps.ts";
import { type ReloadParts, watchConfiguration } from "../../src/process/reload.ts";
import { runInSlices } from "../../src/runtime/slices.ts";
import { COMMANDS, linesOf, startGateway, withGateway } from "../support/gatewayprocess.ts";
import { afterTest, putAwayAfterEach, recordLog, STREAM } from "../support/parts.ts";
import { settle } from "../support/scriptedworkers.ts";
import { until } from "../support/until.ts";

const folder = mkdtempSync(join(tmpdir(), "pixelgate-reload-"));
afterAll(() => rmSync(folder, { recursive: true }));
putAwayAfterEach();

/** Watches a file of one source, which is read again on SIGHUP alone; `run` is how. */
function watchFile(name: string, run: ReloadParts["run"] = runInSlices) {
  const configFile = join(folder, name);
  const write = (id: string) => {
    const content = { sources: [{ id, writeKey: "k", destinations: [] }], destinations: [{ id: "d" }] };
    writeFileSync(configFile, JSON.stringify(content));
  };
  write("first");
  const initial = loadConfiguration(configFile, STREAM);
  if (Array.isArray(initial)) throw new Error(initial.join("\n"));
  const others = process.listeners("SIGHUP");
  const log = recordLog();
  const reloaded: Configuration[] = [];
  const watched = watchConfiguration(
    { configFile, stream: STREAM },
    initial,
    { debug() {}, ...log },
    (configuration) => void reloaded.push(configuration),
    {
      run,
      pollMs: 3_600_000,
    },
  );
  afterTest(() => {
    watched.stop();
    for (const listener of process.listeners("SIGHUP")) {
      if (!others.includes(listener)) process.removeListener("SIGHUP", listener);
    }
  });
  const hangUp = (id: string) => {
    write(id);
    process.emit("SIGHUP");
  };
  return { initial, log, reloaded, watched, hangUp, id: () => watched.current().sources.get("k")?.id };
}

/** A reader that does the steps of each reading when it is told to. */
function readByHand() {
  const waiting: (() => void)[] = [];
  const run = <T>(steps: Steps<T>) =>
    new Promise<T>((resolve) => waiting.push(() => resolve(runAtOnce(steps))));
  /** Waits for the next reading and lets it end. */
  const finish = async () => {
    await until("a file is being read", () => waiting.length > 0, 2000);
    waiting.shift()?.();
    await settle();
  };
  return { waiting, run, finish };
}

test("watchConfiguration has the sources of this moment, and after its stop those of the last", async () => {
  const { initial, reloaded, watched, hangUp, id } = watchFile("moments.json");
  expect(watched.current()).toBe(initial);
  hangUp("second");
  await until("the second counts", () => id() === "second");
  expect(reloaded).toEqual([watched.current()]);
  watched.stop();
  hangUp("third");
  await Bun.sleep(20);
  expect(id()).toBe("second");
});

test("watchConfiguration keeps what it has until the new file is read to its end", async () => {
  const { run, finish } = readByHand();
  const { hangUp, id } = watchFile("whole.json", run);
  hangUp("second");
  await settle();
  expect(id()).toBe("first");
  await finish();
  expect(id()).toBe("second");
});

test("watchConfiguration reads a file that changes meanwhile once more, and the last one wins", async () => {
  const { run, finish, waiting } = readByHand();
  const { hangUp, id, log } = watchFile("overlap.json", run);
  hangUp("second");
  await until("the second is being read", () => waiting.length === 1);
  for (const name of ["third", "fourth", "fifth"]) hangUp(name);
  await settle();
  expect(waiting).toHaveLength(1);
  await finish();
  expect(id()).toBe("second");
  await finish();
  expect(id()).toBe("fifth");
  expect(log.lines).toHaveLength(2);
  hangUp("sixth");
  await finish();
  expect(id()).toBe("sixth");
});

test("watchConfiguration does not take what is read only after its stop", async () => {
  const { run, finish, waiting } = readByHand();
  const { hangUp, id, reloaded, watched, log } = watchFile("stopped.json", run);
  hangUp("second");
  await until("the second is being read", () => waiting.length === 1);
  hangUp("third");
  watched.stop();
  await finish();
  expect(id()).toBe("first");
  expect(reloaded).toEqual([]);
  expect(log.lines).toEqual([]);
  expect(waiting).toEqual([]);
});

for (const runtime of ["bun", "deno"] as const) {
  test(`pixelgate on ${runtime} reloads its file on SIGHUP, and stays with what it has when the new one is broken`, async () => {
    const file = join(folder, `${runtime}.json`);
    const write = (key: string, more = {}) =>
      writeFileSync(
        file,
        JSON.stringify({
          sources: [{ id: "a", writeKey: key, destinations: ["d"], ...more }],
          destinations: [{ id: "d" }],
        }),
      );
    write("wk_first");
    const options = { command: COMMANDS[runtime], env: { PIXELGATE_CONFIG: file } };
    await withGateway(options, async (gateway) => {
      const status = async (key: string) =>
        (await fetch(`${gateway.url}/pixel/v1/page?writeKey=${key}`)).status;
      expect([await status("wk_first"), await status("wk_second")]).toEqual([200, 400]);

      write("wk_second");
      process.kill(gateway.pid, "SIGHUP");
      await until("the second file counts", async () => (await status("wk_second")) === 200);
      expect(await status("wk_first")).toBe(400);

      write("wk_third", { ip: "hash", bots: "ban" });
      process.kill(gateway.pid, "SIGHUP");
      await until(
        "the fault is reported",
        () => linesOf(gateway, "configuration not reloaded: the running one stays").length > 0,
      );
      expect([await status("wk_second"), await status("wk_third")]).toEqual([200, 400]);
      const [line = {}] = linesOf(gateway, "configuration not reloaded: the running one stays");
      expect(line.faults).toEqual([
        `Cannot use ${file}: sources[0].ip: must be "keep" or "truncate" or "drop"`,
        `Cannot use ${file}: sources[0].bots: must be "flag" or "drop"`,
      ]);
      expect(gateway.output()).not.toContain("wk_");
    });
  }, 30_000);
}

test("pixelgate reloads its file when it changes", async () => {
  const file = join(folder, "watched.json");
  const content = (key: string) =>
    JSON.stringify({
      sources: [{ id: "a", writeKey: key, destinations: ["d"] }],
      destinations: [{ id: "d" }],
    });
  writeFileSync(file, content("wk_first"));
  await withGateway({ env: { PIXELGATE_CONFIG: file } }, async (gateway) => {
    writeFileSync(file, `${content("wk_second")}\n`);
    await until(
      "the change counts",
      async () => (await fetch(`${gateway.url}/pixel/v1/page?writeKey=wk_second`)).status === 200,
    );
  });
}, 30_000);

test("pixelgate drops no request while it reloads", async () => {
  const path = join(folder, "busy.json");
  const write = (rateLimit: number) =>
    writeFileSync(
      path,
      JSON.stringify({
        sources: [{ id: "s", writeKey: "k", destinations: ["d"], rateLimit }],
        destinations: [{ id: "d" }],
      }),
    );
  write(100_000);
  const gateway = await startGateway({ env: { PIXELGATE_CONFIG: path } });
  const statuses = new Map<number, number>();
  let isOver = false;
  const ask = async () => {
    while (!isOver) {
      const { status } = await fetch(`${gateway.url}/pixel/v1/page?writeKey=k`);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  try {
    const asking = Array.from({ length: 8 }, ask);
    for (let times = 1; times <= 10; times++) {
      write(100_000 + times);
      process.kill(gateway.pid, "SIGHUP");
      await Bun.sleep(30);
    }
    isOver = true;
    await Promise.all(asking);
    expect(gateway.output().match(/configuration reloaded/g)?.length).toBeGreaterThan(1);
    expect([...statuses.keys()]).toEqual([200]);
  } finally {
    isOver = true;
    await gateway.stop();
  }
});
