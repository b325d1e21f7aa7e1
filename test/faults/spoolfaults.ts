// What a spool's file must survive: damage, a cut, a full disk, a kill while it is mended, its removal.
import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startNats } from "../support/natsserver.ts";
import { createRandom } from "../support/random.ts";
import { whyNoMounts } from "../support/system.ts";
import { until } from "../support/until.ts";
import { cutShort, type Damage, damageHead, damagePages, eventsIn, foldLog } from "./damage.ts";
import { BUSY_PER_SECOND, begin, type Fault, LIMIT_MS } from "./fault.ts";
import type { Account, World } from "./world.ts";

const SPOOLED_A_ROUND = 300;
/** More than a few batches of the salvage, so that a kill finds it at work. */
const MIN_SALVAGED = 2000;

/** Each with a spool that holds events when it happens. */
export const SPOOL_FAULTS: readonly Fault[] = [
  {
    number: 11,
    name: "spool damaged at random while it is down",
    run: (world) => damageInRounds(world, world.scale.damages, damagePages),
  },
  {
    number: 12,
    name: "spool cut short while it is down",
    run: (world) => damageInRounds(world, world.scale.cuts, cutShort),
  },
  {
    number: 13,
    name: "disk full through a restart, NATS away",
    obstacle: whyNoMounts,
    run: async (world) => {
      const nats = world.adopt(await startNats());
      const disk = join(world.folder, "disk");
      mkdirSync(disk);
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", disk]);
      world.onEnd(() => execFileSync("umount", ["--lazy", disk]));
      world.dataDir = join(disk, "data");
      await begin(world, [nats.url], {}, BUSY_PER_SECOND);
      await nats.kill();
      const { load } = world;
      await until("events are refused", () => (load?.refused ?? 0) > 200, LIMIT_MS);
      await world.stopGateway("SIGKILL");
      const ballast = join(disk, "ballast");
      fillUp(ballast);
      await world.restartGateway();
      // What the log has room for by itself it may still take.
      const refused = load?.refused ?? 0;
      await until("events are refused again", () => (load?.refused ?? 0) > refused + 200, LIMIT_MS);
      if ((await world.metrics())?.isFull !== true)
        throw new Error("a full spool does not say that it is full");
      await nats.start();
      // Room comes from what is relayed; the ballast stays until that is done.
      await untilEmptied(world, "the spool");
      rmSync(ballast);
      world.faultEnds();
      return world.account(nats.url);
    },
  },
  {
    number: 14,
    name: "gateway killed while it salvages",
    run: async (world) => {
      const nats = world.adopt(await startNats());
      await begin(world, [nats.url], {}, BUSY_PER_SECOND);
      await nats.kill();
      await untilSpooled(world, Math.max(MIN_SALVAGED, world.scale.events / 2));
      await world.stopGateway("SIGKILL");
      const path = join(world.dataDir, "spool.db");
      foldLog(path);
      damageHead(path, createRandom(world.scale.seed));
      const random = createRandom(world.scale.seed);
      let kills = 0;
      for (; kills < world.scale.kills; kills++) {
        await world.restartGateway();
        const { gateway } = world;
        await until(
          "it salvages",
          () => gateway?.output().includes("bringing events back") === true,
          LIMIT_MS,
        );
        await sleep(random(40));
        await world.stopGateway("SIGKILL");
        if (!readdirSync(world.dataDir).some((name) => name.includes(".damaged-"))) break;
      }
      if (kills < Math.min(2, world.scale.kills))
        throw new Error("the salvage was over before it could be killed");
      await world.restartGateway();
      await nats.start();
      world.faultEnds();
      world.note = `${kills} kills during the salvage`;
      return world.account(nats.url);
    },
  },
  {
    number: 15,
    name: "data folder removed while it spools",
    run: async (world) => {
      const nats = world.adopt(await startNats());
      await begin(world, [nats.url], {}, BUSY_PER_SECOND);
      await nats.kill();
      await untilSpooled(world, SPOOLED_A_ROUND);
      rmSync(world.dataDir, { recursive: true });
      const { gateway } = world;
      await until(
        "it is noticed",
        () => gateway?.output().includes("a new spool is begun") === true,
        LIMIT_MS,
      );
      await sleep(world.scale.awayMs / 2);
      await nats.start();
      world.faultEnds();
      return world.account(nats.url);
    },
  },
];

/** Spools, kills the gateway, damages its file and goes on with it, again and again under one load. */
async function damageInRounds(world: World, rounds: number, damage: Damage): Promise<Account> {
  const nats = world.adopt(await startNats());
  const path = join(world.dataDir, "spool.db");
  world.isMarked = true;
  await world.startGateway([nats.url]);
  await world.untilUp();
  world.startLoad(1000, 200);
  for (let round = 0; round < rounds; round++) {
    const random = createRandom(world.scale.seed + round);
    await nats.kill();
    await untilSpooled(world, SPOOLED_A_ROUND);
    await world.stopGateway("SIGKILL");
    if (random(2) === 0) foldLog(path);
    for (const bytes of damage(path, random)) {
      for (const event of eventsIn(bytes, world.run)) world.destroyed.add(event);
    }
    await nats.start();
    await world.restartGateway();
    await untilEmptied(world, `the spool damaged with seed ${world.scale.seed + round}`);
  }
  world.faultEnds();
  const account = await world.account(nats.url);
  const note = `${rounds} rounds, seed ${world.scale.seed}, ${world.destroyed.size} stood on what was damaged`;
  return { ...account, note };
}

function untilSpooled(world: World, count: number): Promise<void> {
  const isSo = async () => ((await world.metrics())?.spooled ?? 0) >= count;
  return until(`${count} events are spooled`, isSo, LIMIT_MS);
}

function untilEmptied(world: World, what: string): Promise<void> {
  return until(`${what} is empty`, async () => (await world.metrics())?.isEmptied === true, LIMIT_MS);
}

/** Writes until there is no room for another byte. */
function fillUp(path: string): void {
  const file = openSync(path, "w");
  try {
    for (;;) writeSync(file, Buffer.alloc(4096));
  } catch {
    closeSync(file);
  }
}
