import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startGateway } from "./gateway.ts";

const folder = mkdtempSync(join(tmpdir(), "pixelgate-reload-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("pixelgate reloads its configuration on SIGHUP and on change, and keeps it when the new one is broken", async () => {
  const path = join(folder, "pixelgate.json");
  const write = (writeKey: string, more = {}) =>
    writeFileSync(
      path,
      JSON.stringify({
        sources: [{ id: "s", writeKey, destinations: ["d"], ...more }],
        destinations: [{ id: "d" }],
      }),
    );
  write("one");
  const gateway = await startGateway({ env: { PIXELGATE_CONFIG: path } });
  const statusOf = async (key: string) =>
    (await fetch(`${gateway.url}/pixel/v1/page?writeKey=${key}`)).status;
  const logged = async (pattern: RegExp) => {
    for (let tries = 0; tries < 100 && !pattern.test(gateway.output()); tries++) await Bun.sleep(50);
    expect(gateway.output()).toMatch(pattern);
  };
  try {
    expect(await statusOf("one")).toBe(200);
    write("two");
    process.kill(gateway.pid, "SIGHUP");
    await logged(/configuration reloaded/);
    expect([await statusOf("one"), await statusOf("two")]).toEqual([400, 200]);

    write("three", { bots: "maybe" });
    await logged(/sources\[0\]\.bots.*configuration not reloaded/);
    expect([await statusOf("two"), await statusOf("three")]).toEqual([200, 400]);

    write("four");
    await logged(/configuration reloaded[\s\S]*configuration reloaded/);
    expect(await statusOf("four")).toBe(200);
    expect(gateway.output()).not.toContain('"four"');
  } finally {
    await gateway.stop();
  }
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
