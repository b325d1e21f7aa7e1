// The faults a 200 must survive, each as what is done to the servers while events come in.
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { administer, createNats, startNats } from "../support/natsserver.ts";
import { whyNoMounts } from "../support/system.ts";
import { until } from "../support/until.ts";
import { beginOnCluster, CLUSTER_FAULTS, leaderOf } from "./clusterfaults.ts";
import { begin, type Fault, LIMIT_MS } from "./fault.ts";
import { PROCESS_FAULTS } from "./processfaults.ts";
import { startSlowProxy } from "./slow.ts";
import { SPOOL_FAULTS } from "./spoolfaults.ts";
import { type Account, World } from "./world.ts";

const SERVER_FAULTS: readonly Fault[] = [
  {
    number: 1,
    name: "nats-server killed, back after a while",
    run: async (world) => {
      const nats = world.adopt(await startNats());
      await begin(world, [nats.url]);
      await nats.kill();
      await sleep(world.scale.awayMs);
      await nats.start();
      world.faultEnds();
      return world.account(nats.url);
    },
  },
  {
    number: 2,
    name: "nats-server frozen, then continued",
    run: async (world) => {
      const nats = world.adopt(await startNats());
      await begin(world, [nats.url]);
      nats.freeze();
      await sleep(world.scale.frozenMs);
      nats.thaw();
      world.faultEnds();
      return world.account(nats.url);
    },
  },
  {
    number: 3,
    name: "NATS absent at the start",
    run: async (world) => {
      const nats = world.adopt(await createNats());
      await world.startGateway([nats.url]);
      world.startLoad();
      await sleep(world.scale.awayMs);
      await nats.start();
      world.faultEnds();
      return world.account(nats.url);
    },
  },
  {
    number: 4,
    name: "stream deleted while running",
    run: async (world) => {
      const nats = world.adopt(await startNats());
      await begin(world, [nats.url]);
      await administer(nats.url, (manager) => manager.streams.delete("PIXEL"));
      world.countFromMs = Date.now() + 1;
      world.faultEnds();
      world.note = "events sent before the deletion are the deleter's";
      return world.account(nats.url);
    },
  },
  {
    number: 5,
    name: "gateway killed, started again",
    run: async (world) => {
      const nats = world.adopt(await startNats());
      await begin(world, [nats.url]);
      await world.stopGateway("SIGKILL");
      await world.restartGateway();
      world.faultEnds();
      return world.account(nats.url);
    },
  },
  {
    number: 6,
    name: "both killed at once",
    run: async (world) => {
      const nats = world.adopt(await startNats());
      await begin(world, [nats.url]);
      // A spool with rows in it, so that the second kill has something to destroy.
      await nats.kill();
      await sleep(world.scale.calmMs);
      await nats.start();
      await sleep(200);
      await Promise.all([nats.kill(), world.stopGateway("SIGKILL")]);
      await world.restartGateway();
      await sleep(world.scale.awayMs);
      await nats.start();
      world.faultEnds();
      return world.account(nats.url);
    },
  },
  {
    number: 7,
    name: "SIGTERM under load",
    run: async (world) => {
      const nats = world.adopt(await startNats());
      await begin(world, [nats.url]);
      const code = await world.stopGateway("SIGTERM");
      if (code !== 0) throw new Error(`the gateway ended with exit code ${code} after SIGTERM`);
      await world.restartGateway();
      world.faultEnds();
      return world.account(nats.url);
    },
  },
  {
    number: 8,
    name: "disk of the spool full, NATS away",
    obstacle: whyNoMounts,
    run: async (world) => {
      const nats = world.adopt(await startNats());
      const disk = join(world.folder, "disk");
      mkdirSync(disk);
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=256m", "tmpfs", disk]);
      world.onEnd(() => execFileSync("umount", [disk]));
      const ballast = join(disk, "ballast");
      world.dataDir = join(disk, "data");
      // Room for a few thousand events beside it.
      writeFileSync(ballast, Buffer.alloc(248 * 1024 * 1024));
      await begin(world, [nats.url]);
      await nats.kill();
      const { load } = world;
      await until("events are refused", () => (load?.refused ?? 0) > 200, LIMIT_MS);
      await sleep(world.scale.calmMs);
      rmSync(ballast);
      await until("events are taken again", async () => (await world.metrics())?.isFull === false, LIMIT_MS);
      await nats.start();
      world.faultEnds();
      return world.account(nats.url);
    },
  },
  {
    number: 9,
    name: "leader of a replicated stream killed",
    run: async (world) => {
      const { servers, urls } = await beginOnCluster(world);
      const leader = await leaderOf(servers, urls);
      await leader.kill();
      world.faultEnds();
      await sleep(world.scale.awayMs);
      await leader.start();
      return world.account(urls);
    },
  },
  {
    number: 10,
    name: "acks take 2 s",
    run: async (world) => {
      const nats = world.adopt(await startNats());
      const proxy = await startSlowProxy(nats.port);
      world.onEnd(proxy.stop);
      await begin(world, [`nats://127.0.0.1:${proxy.port}`]);
      proxy.delayMs = 2000;
      const { load } = world;
      const before = load?.answered ?? 0;
      await until(
        "slow events are answered",
        () => (load?.answered ?? 0) > before + world.scale.events / 2,
        LIMIT_MS,
      );
      const spooled = (await world.metrics())?.spooled;
      world.note = `${spooled} in the spool while slow`;
      proxy.delayMs = 0;
      world.faultEnds();
      return world.account(nats.url);
    },
  },
];

/** All of them, in the order of their numbers. */
export const FAULTS: readonly Fault[] = [
  ...SERVER_FAULTS,
  ...SPOOL_FAULTS,
  ...PROCESS_FAULTS,
  ...CLUSTER_FAULTS,
];

/** Lets a fault happen to a world of its own, and puts the world away. */
export async function runFault(fault: Fault, scale: World["scale"]): Promise<Account> {
  const world = new World(scale);
  try {
    return await fault.run(world);
  } catch (error) {
    throw world.blame(fault.number, error);
  } finally {
    await world.close();
  }
}
