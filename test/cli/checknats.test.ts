// `pixelgate check --nats`, as an operator runs it against a real nats-server.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nanos } from "nats";
import { runCommand } from "../support/gatewayprocess.ts";
import { natsVersion } from "../support/natsbinaries.ts";
import { administer, type NatsServer, startNats } from "../support/natsserver.ts";
import { addStreams, connectTo } from "../support/streamlook.ts";

const DAYS = 86_400_000;

describe("pixelgate check --nats", () => {
  const folder = mkdtempSync(join(tmpdir(), "pixelgate-checknats-"));
  const file = join(folder, "pixelgate.json");
  let server: NatsServer;
  beforeAll(async () => {
    server = await startNats();
    writeFileSync(
      file,
      JSON.stringify({
        sources: [{ id: "blog", writeKey: "wk_blog", destinations: ["warehouse", "alerts"] }],
        destinations: [{ id: "warehouse", stream: "WAREHOUSE" }, { id: "alerts" }],
      }),
    );
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await server.stop();
  });

  const check = (env: Record<string, string> = {}) =>
    runCommand(["check", file, "--nats"], { NATS_URL: server.url, ...env });
  const head = () => `127.0.0.1:${server.port}, nats-server ${natsVersion()}, max_payload 1MiB`;

  /** All streams with their settings and what is in them. */
  async function streams(): Promise<unknown[]> {
    return administer(server.url, async (manager) => {
      const all: unknown[] = [];
      for await (const { config, state } of manager.streams.list()) all.push({ config, state });
      return all;
    });
  }

  async function withStreams(configs: Parameters<typeof addStreams>[1][], act: () => Promise<void>) {
    await addStreams(server, ...configs);
    const before = await streams();
    try {
      await act();
      expect(await streams()).toEqual(before);
    } finally {
      await administer(server.url, async (manager) => {
        for (const { name } of configs) await manager.streams.delete(name);
      });
    }
  }

  test("says of streams that are missing that the gateway makes them, and makes none", async () => {
    const { code, stdout, stderr } = await check();
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.split("\n")).toEqual([
      head(),
      "stream     exists  subjects                          retention  replicas  limits",
      "PIXEL      no      pixel.alerts.> pixel._rejected.>",
      "  note: the gateway creates it, where its user may",
      "WAREHOUSE  no      pixel.warehouse.>",
      "  note: the gateway creates it, where its user may",
      "0 faults, 0 warnings",
      "",
    ]);
    expect(await streams()).toEqual([]);
  });

  test("prints faults, warnings and differences with their commands, ends with 1, and changes nothing", async () => {
    const pixel = {
      name: "PIXEL",
      subjects: ["pixel.alerts.>", "pixel._rejected.>"],
      storage: "memory",
      discard: "old",
      max_msgs: 100,
      max_msg_size: 8192,
      max_age: nanos(3 * DAYS),
      duplicate_window: nanos(2000),
    } as const;
    const warehouse = { name: "WAREHOUSE", subjects: ["pixel.warehouse.>"], discard: "new" } as const;
    await withStreams(
      [
        { ...pixel, subjects: [...pixel.subjects] },
        { ...warehouse, subjects: [...warehouse.subjects] },
      ],
      async () => {
        const { code, stdout, stderr } = await check();
        expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
        expect(stdout.split("\n")).toEqual([
          head(),
          "stream     exists  subjects                          retention  replicas  limits",
          "PIXEL      yes     pixel.alerts.> pixel._rejected.>  limits     1         3d, 100 messages, 8KiB a message, discard old",
          "  fault: it is in memory: what it has acked is gone once its servers restart; events need a stream in files",
          "  fault: it discards old messages: with 100 messages in it the oldest go, read or not",
          "    nats stream edit PIXEL --discard=new",
          "  warning: its duplicate window is 2s: an event that is sent again later, up to 2m, is stored twice",
          "    nats stream edit PIXEL --dupe-window=2m",
          "  warning: its max_msg_size is 8KiB: the largest event, of 88KiB, does not fit",
          "    nats stream edit PIXEL --max-msg-size=88KiB",
          "WAREHOUSE  yes     pixel.warehouse.>                 limits     1         discard new",
          "  differs: it keeps messages for ever, not for 3d",
          "    nats stream edit WAREHOUSE --max-age=3d",
          "2 faults, 2 warnings",
          "",
        ]);
      },
    );
  });

  test("ends with 0 when there is nothing but warnings", async () => {
    const subjects = ["pixel.alerts.>", "pixel._rejected.>"];
    const short = { discard: "new", max_age: nanos(3 * DAYS), duplicate_window: nanos(2000) } as const;
    await withStreams([{ name: "PIXEL", subjects, ...short }], async () => {
      const { code, stdout } = await check();
      expect(code).toBe(0);
      expect(stdout).toContain("0 faults, 1 warning\n");
    });
  });

  test("finds a stream that takes the subject of one that is missing; but none that gives it up by itself", async () => {
    const all = { name: "PIXEL", subjects: ["pixel.>"], discard: "new" } as const;
    const taken = "  fault: stream PIXEL takes pixel.warehouse.> in its place:";
    await withStreams([{ ...all, subjects: [...all.subjects] }], async () => {
      const { code, stdout } = await check();
      expect(code).toBe(1);
      expect(stdout).toContain(taken);
      expect(stdout).toContain("nats stream edit PIXEL --subjects='pixel.alerts.>,pixel._rejected.>'");
    });
    const ours = { ...all, subjects: [...all.subjects], description: "Managed by Pixelgate" };
    await withStreams([ours], async () => {
      const { code, stdout } = await check();
      expect(code).toBe(0);
      expect(stdout).not.toContain(taken);
    });
  });

  test("says how full a stream is that refuses what does not fit, and no more than a few subjects of one that has many", async () => {
    const subjects = ["pixel.alerts.>", "pixel._rejected.>", "a", "b", "c", "d"];
    const bound = { discard: "new", max_age: nanos(3 * DAYS), max_msgs: 5, max_bytes: 1024 ** 2 } as const;
    await addStreams(server, { name: "PIXEL", subjects, ...bound });
    const connection = await connectTo(server);
    const publish = async (count: number) => {
      for (let sent = 0; sent < count; sent++) await connection.request("a", "");
    };
    try {
      await publish(3);
      expect((await check()).stdout).not.toContain("full");
      await publish(1);
      const { code, stdout } = await check();
      expect(code).toBe(0);
      expect(stdout).toContain("PIXEL      yes     pixel.alerts.> pixel._rejected.> a b and 2 more  limits");
      expect(stdout).toContain(
        "  note: it is 80 % full, 4 of 5 messages: events that it refuses wait in the spool\n",
      );
    } finally {
      await connection.close();
      await administer(server.url, (manager) => manager.streams.delete("PIXEL"));
    }
  });

  test("without NATS_URL ends with 2, and with 1 where nobody answers, without the password", async () => {
    expect(await runCommand(["check", file, "--nats"])).toEqual({
      code: 2,
      stdout: "",
      stderr: "Cannot check NATS: NATS_URL is not set\n",
    });
    const { code, stdout, stderr } = await check({ NATS_URL: "nats://u:geheim@127.0.0.1:1" });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^Cannot check NATS: 127\.0\.0\.1:1: .*refused/);
    expect(stderr).not.toContain("geheim");
  });

  test("ends with 1 where JetStream does not answer, and says of streams that may not be looked up why", async () => {
    const mute = await startNats({
      config: "accounts { A { users: [{ user: a, password: a }] } }\nno_auth_user: a",
    });
    const denied = await startNats({
      config: `authorization { users: [{ user: u, password: p, permissions: { publish: ["pixel.alerts.>"] } }] }\nno_auth_user: u`,
    });
    try {
      const first = await check({ NATS_URL: mute.url });
      expect(first.code).toBe(1);
      expect(first.stdout).toContain("  fault: JetStream does not tell of it: ");
      const second = await check({ NATS_URL: denied.url });
      expect(second.code).toBe(1);
      expect(second.stdout.split("\n").slice(2)).toEqual([
        "PIXEL      ?       pixel.alerts.> pixel._rejected.>",
        "  note: it may not be looked up: publish on $JS.API.STREAM.INFO.PIXEL is not permitted",
        "  fault: no stream answers for pixel.alerts.>",
        "WAREHOUSE  ?       pixel.warehouse.>",
        "  note: it may not be looked up: publish on $JS.API.STREAM.INFO.WAREHOUSE is not permitted",
        "  note: this user may not ask who takes pixel.warehouse.>, and perhaps not publish there",
        "1 fault, 0 warnings",
        "",
      ]);
    } finally {
      await mute.stop();
      await denied.stop();
    }
  });
});
