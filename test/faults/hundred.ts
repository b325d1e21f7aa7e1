// A hundred destinations, ten of them broken: half by a full stream of their own, half by the rights of the gateway's user.
import { startNats } from "../support/natsserver.ts";
import type { Houses, Source, Trouble } from "./neighbourhood.ts";
import { fill, GATEWAY_USER, limit, usersWithout } from "./rights.ts";
import type { World } from "./world.ts";

const IDS = Array.from({ length: 100 }, (_, index) => `d${index}`);
const BROKEN = IDS.filter((_, index) => index % 10 === 0);
const HEALTHY = IDS.filter((id) => !BROKEN.includes(id));
const FULL = BROKEN.slice(0, 5);
const DENIED = BROKEN.slice(5);
/** Of the events for a broken one so many go to it and a healthy one, before one that goes to all hundred. */
const PAIRS = 100;

/** More than comes between a look at a stream and a change of it. */
const OVERSHOOT = 500;

const streamOf = (id: string) => `OWN_${id}`;

const calm: Source[] = HEALTHY.map((id) => ({ writeKey: `calm_${id}`, destinations: [id] }));
const pairs: Source[] = BROKEN.map((id, index) => ({
  writeKey: `both_${id}`,
  destinations: [HEALTHY[index] ?? "", id],
}));
const all: Source = { writeKey: "all", destinations: IDS };

/** Ninety sources of one healthy destination each; ten of a broken and a healthy one, and one of all. */
export const HUNDRED: Houses = {
  destinations: IDS.map((id) => (FULL.includes(id) ? { id, stream: streamOf(id) } : { id })),
  broken: new Set(BROKEN),
  calm,
  both: [...Array.from({ length: PAIRS }, (_, index) => pairs[index % pairs.length] ?? all), all],
};

export async function hundredNeighbours(world: World): Promise<Trouble> {
  const nats = world.adopt(await startNats({ config: usersWithout() }));
  const limitAll = (settings: (messages: number) => { max_msgs: number }) =>
    Promise.all(FULL.map((id) => limit(nats, streamOf(id), settings)));
  return {
    nats,
    env: GATEWAY_USER,
    ready: () => Promise.all(FULL.map((id) => fill(nats, `pixel.${id}.page`, OVERSHOOT))),
    break: async () => {
      await limitAll((messages) => ({ max_msgs: messages }));
      await nats.reload(usersWithout(...DENIED.map((id) => `pixel.${id}.>`)));
    },
    mend: async () => {
      await limitAll(() => ({ max_msgs: -1 }));
      await nats.reload(usersWithout());
    },
  };
}
