// The faults of one destination beside a healthy one: each as what is done to its stream or its rights, and undone.
import { runCommand } from "../support/gatewayprocess.ts";
import { administer, startNats } from "../support/natsserver.ts";
import { LIMIT_MS } from "./fault.ts";
import { HUNDRED, hundredNeighbours } from "./hundred.ts";
import type { NeighbourAccount } from "./neighbouraccount.ts";
import { type Houses, Neighbourhood, type Trouble } from "./neighbourhood.ts";
import { countOf, fill, GATEWAY_USER, limit, usersWithout } from "./rights.ts";
import { startSlowProxy } from "./slow.ts";
import { World } from "./world.ts";

/** What a destination may suffer without harm to another. */
export interface NeighbourFault {
  readonly number: number;
  readonly name: string;
  readonly houses: Houses;
  readonly trouble: (world: World, neighbourhood: Neighbourhood) => Promise<Trouble>;
}

const STREAM = "NEIGHBOUR";
const SUBJECTS = ["pixel.broken.>"];
/** More than comes between a look at a stream and a change of it. */
const OVERSHOOT = 2000;
const SLOW_MS = 2000;
/** A large event is over it, with its headers, and another is not. */
const MAX_MSG_SIZE = 3000;
const LARGE_EVERY = 10;

function pair(stream?: string): Houses {
  return {
    destinations: [{ id: "healthy" }, { id: "broken", ...(stream === undefined ? {} : { stream }) }],
    broken: new Set(["broken"]),
    calm: [{ writeKey: "calm", destinations: ["healthy"] }],
    both: [{ writeKey: "both", destinations: ["healthy", "broken"] }],
  };
}

const ONE_STREAM = pair();
const OWN_STREAM = pair(STREAM);

export const NEIGHBOUR_FAULTS: readonly NeighbourFault[] = [
  {
    number: 20,
    name: "full: its own stream",
    houses: OWN_STREAM,
    trouble: async (world) => {
      const nats = world.adopt(await startNats());
      return {
        nats,
        ready: () => fill(nats, "pixel.broken.page", OVERSHOOT),
        break: () => limit(nats, STREAM, (messages) => ({ max_msgs: messages })),
        mend: () => limit(nats, STREAM, () => ({ max_msgs: -1 })),
      };
    },
  },
  {
    number: 21,
    name: "full: its subject in the common stream",
    houses: ONE_STREAM,
    trouble: async (world) => {
      const nats = world.adopt(await startNats());
      // The limit is one for all subjects: what lies in the broken one's beforehand keeps the healthy one below it.
      const fillers = world.scale.events * 8;
      const allow = (messages: number) =>
        limit(nats, "PIXEL", () => ({ discard_new_per_subject: true, max_msgs_per_subject: messages }));
      return {
        nats,
        ready: async () => {
          await allow(fillers * 10);
          await fill(nats, "pixel.broken.page", fillers);
        },
        break: async () => allow(await countOf(nats, "pixel.broken.page")),
        mend: () => allow(fillers * 10),
      };
    },
  },
  {
    number: 22,
    name: "denied: the user may not publish it",
    houses: ONE_STREAM,
    trouble: async (world) => {
      const nats = world.adopt(await startNats({ config: usersWithout() }));
      return {
        nats,
        env: GATEWAY_USER,
        break: () => nats.reload(usersWithout(...SUBJECTS)),
        mend: () => nats.reload(usersWithout()),
      };
    },
  },
  {
    number: 23,
    name: "slow: its stream acks after 2 s",
    houses: OWN_STREAM,
    trouble: async (world) => {
      const nats = world.adopt(await startNats());
      const proxy = await startSlowProxy(nats.port, STREAM);
      world.onEnd(proxy.stop);
      const delay = async (ms: number) => {
        proxy.delayMs = ms;
      };
      return {
        nats,
        url: `nats://127.0.0.1:${proxy.port}`,
        break: () => delay(SLOW_MS),
        mend: () => delay(0),
      };
    },
  },
  {
    number: 24,
    name: "gone: its stream is deleted, by hand again",
    houses: OWN_STREAM,
    trouble: async (world, neighbourhood) => {
      const nats = world.adopt(await startNats({ config: usersWithout(`$JS.API.STREAM.CREATE.${STREAM}`) }));
      const create = () =>
        administer(nats.url, ({ streams }) => streams.add({ name: STREAM, subjects: SUBJECTS }));
      await create();
      return {
        nats,
        env: GATEWAY_USER,
        break: async () => {
          // From here on nothing takes the subject; what was taken is read before it goes.
          await administer(nats.url, ({ streams }) => streams.update(STREAM, { subjects: ["elsewhere"] }));
          await neighbourhood.keep(nats.url, STREAM);
          await administer(nats.url, ({ streams }) => streams.delete(STREAM));
        },
        mend: create,
      };
    },
  },
  {
    number: 25,
    name: "poison: larger than its stream takes",
    houses: OWN_STREAM,
    trouble: async (world) => {
      const nats = world.adopt(await startNats());
      return {
        nats,
        largeEvery: LARGE_EVERY,
        break: () => limit(nats, STREAM, () => ({ max_msg_size: MAX_MSG_SIZE })),
        mend: async () => {
          const quarantined = (await world.metrics())?.quarantined ?? 0;
          if (quarantined === 0) throw new Error("nothing is in quarantine");
          await limit(nats, STREAM, () => ({ max_msg_size: -1 }));
          await retryAll(world);
        },
      };
    },
  },
  { number: 26, name: "10 of 100: full, or denied", houses: HUNDRED, trouble: hundredNeighbours },
];

/** Lets the trouble come and go in a world of its own, and puts the world away. */
export async function runNeighbour(fault: NeighbourFault, scale: World["scale"]): Promise<NeighbourAccount> {
  const world = new World(scale);
  try {
    const neighbourhood = new Neighbourhood(world, fault.houses);
    return await neighbourhood.live(await fault.trouble(world, neighbourhood));
  } catch (error) {
    throw world.blame(fault.number, error);
  } finally {
    await world.close();
  }
}

/** Puts the quarantine back until nothing is left: the gateway may hear of the new limit only at its next look. */
async function retryAll(world: World): Promise<void> {
  const deadline = Date.now() + LIMIT_MS;
  while ((await world.metrics())?.quarantined !== 0) {
    if (Date.now() > deadline) throw new Error("the quarantine does not get empty");
    const { code, stderr } = await runCommand(["spool", "retry", world.dataDir, "--destination", "broken"]);
    if (code !== 0) throw new Error(`pixelgate spool retry ended with exit code ${code}: ${stderr}`);
    await new Promise((resolve) => setTimeout(resolve, world.scale.calmMs));
  }
}
