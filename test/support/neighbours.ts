// Two destinations of one gateway: a healthy one, and a neighbour that something is done to.
import type { StreamConfig } from "@nats-io/jetstream";
import type { Layout } from "../../src/config/layout.ts";
import type { Delivery, DeliveryOptions } from "../../src/delivery/delivery.ts";
import type { Delivered, Outgoing } from "../../src/delivery/outgoing.ts";
import type { DestinationState } from "../../src/delivery/state.ts";
import { resolved, routeOf } from "./configuration.ts";
import { administer } from "./natsserver.ts";
import { countIds, deliver, event, openDelivery, readStream, STREAM, untilUp } from "./parts.ts";
import { until } from "./until.ts";

/** The layout of these destinations: those with a name have a stream of their own, the others the default one. */
export function layoutFor(streams: Readonly<Record<string, string | null>>): Layout {
  const destinations = Object.entries(streams).map(([id, stream]) =>
    stream === null ? { id } : { id, stream },
  );
  const sources = [{ id: "blog", writeKey: "wk_blog", destinations: [] }];
  return resolved({ sources, destinations }, STREAM).layout;
}

/** The neighbour has a stream of its own. */
export const OWN_STREAMS = layoutFor({ healthy: null, broken: "BROKEN" });
/** Both are in the default stream. */
export const ONE_STREAM = layoutFor({ healthy: null, broken: null });

/** An event for some of a layout's destinations. */
export function eventFor(layout: Layout, id: string, ids: readonly string[], payload?: string): Outgoing {
  const routes = ids.map((destinationId) => routeOf(layout, destinationId, "page", ""));
  return event(id, payload === undefined ? { routes } : { routes, payload });
}

/** A gateway's delivery that is up, all its states of NATS noted. */
export async function openNeighbours(layout: Layout, options: Partial<DeliveryOptions>) {
  const states: string[] = [];
  const delivery = openDelivery({ layout, onStateChange: (state) => void states.push(state), ...options });
  await untilUp(delivery);
  await until("every destination is open", () =>
    delivery.state().destinations.every(({ state }) => state === "open"),
  );
  states.length = 0;
  return {
    delivery,
    /** States of NATS since then: none, while a fault is a neighbour's alone. */
    states,
    log: delivery.log,
    stateOf: (id: string) => stateOf(delivery, id),
    /** Delivers `count` events to some destinations, all in flight at once; the answers in order. */
    send: (name: string, count: number, ids: readonly string[], payload?: string): Promise<Delivered[]> =>
      Promise.all(
        Array.from({ length: count }, (_, index) =>
          deliver(delivery, eventFor(layout, `${name}-${index}`, ids, payload)),
        ),
      ),
    untilRelayed: () => until("the spool is empty", () => delivery.state().spooled === 0, 30_000),
  };
}

function stateOf(delivery: Pick<Delivery, "state">, id: string): DestinationState {
  const found = delivery.state().destinations.find((destination) => destination.id === id);
  if (found === undefined) throw new Error(`Cannot find the destination ${id}`);
  return found;
}

/** Changes settings of a stream. */
export function changeStream(url: string, name: string, changes: Partial<StreamConfig>): Promise<unknown> {
  return administer(url, async (manager) => {
    const { config } = await manager.streams.info(name);
    await manager.streams.update(name, { ...config, ...changes });
  });
}

/** How many ids of a destination a stream has, and how many of them more than once. */
export async function countIn(url: string, stream: string, destinationId: string) {
  const counts = [...countIds(await readStream(url, stream))].filter(([id]) =>
    id.endsWith(`.${destinationId}`),
  );
  return { ids: counts.length, twice: counts.filter(([, count]) => count > 1).length };
}
