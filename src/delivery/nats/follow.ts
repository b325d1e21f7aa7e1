// Reads the events of a layout's streams as they come, and only looks: it acknowledges nothing, so a work queue, whose
// events are for one reader each, has no place for it.
import {
  type ConsumerMessages,
  DeliverPolicy,
  JetStreamApiError,
  type JetStreamClient,
  type JsMsg,
  jetstream,
} from "@nats-io/jetstream";
import type { Layout } from "../../config/layout.ts";
import type { Followed, FollowOptions } from "../followed.ts";
import { reasonOf } from "../log.ts";
import { NatsError } from "./fault.ts";
import { dial, jetStreamOptions, type NatsOptions } from "./servers.ts";

/** A consumer with acks is wanted where ours has none. */
const WANTS_ACKS = 10084;

/**
 * Follows the streams of one destination or of all. `onSkipped` hears of a stream that cannot be followed, and why, when
 * others can. Throws a `NatsError` when none can, or NATS is not there.
 */
export async function* followStreams(
  nats: NatsOptions,
  layout: Layout,
  follow: FollowOptions,
  onSkipped: (reason: string) => void,
): AsyncGenerator<Followed> {
  const connection = await dial(nats);
  try {
    const client = jetstream(connection, jetStreamOptions(nats));
    const opened: ConsumerMessages[] = [];
    const refusals: string[] = [];
    for (const name of streamsToFollow(layout, follow.destinationId)) {
      try {
        opened.push(await open(client, name, layout, follow));
      } catch (error) {
        refusals.push(whyNot(name, error));
      }
    }
    if (opened.length === 0) throw new NatsError(refusals.join("; "));
    refusals.forEach(onSkipped);
    const prefix = `${layout.prefix}.`;
    for await (const { subject, payload } of join(opened)) {
      if (!subject.startsWith(prefix)) continue;
      const destinationId = subject.slice(prefix.length).split(".")[0] ?? "";
      // Refused requests lie beside the events, under a token that no destination can have.
      if (destinationId.startsWith("_")) continue;
      if (follow.destinationId !== null && follow.destinationId !== destinationId) continue;
      yield { subject, destinationId, payload };
    }
  } finally {
    await connection.close();
  }
}

/** A destination that is not configured has the default stream. */
function streamsToFollow(layout: Layout, destinationId: string | null): readonly string[] {
  if (destinationId === null) return [...layout.streams.keys()];
  return layout.destinations.get(destinationId)?.streams ?? [layout.defaultStream];
}

async function open(
  client: JetStreamClient,
  name: string,
  layout: Layout,
  { destinationId, isFromStart }: FollowOptions,
): Promise<ConsumerMessages> {
  const filter = filterFor(name, layout, destinationId);
  const consumer = await client.consumers.get(name, {
    ...(filter === null ? {} : { filter_subjects: filter }),
    deliver_policy: isFromStart ? DeliverPolicy.All : DeliverPolicy.New,
  });
  return consumer.consume();
}

/** Spares us other destinations' events of the same stream; null where there are none. What it lets through is looked at. */
function filterFor(name: string, layout: Layout, destinationId: string | null): string | null {
  if (destinationId === null) return null;
  const { subjects = [] } = layout.streams.get(name) ?? {};
  const prefix = `${layout.prefix}.${destinationId}.`;
  const own = subjects.find((subject) => subject.startsWith(prefix));
  if (own !== undefined && subjects.every((subject) => subject.startsWith(prefix))) return null;
  // Up to 2.9 a filter may not be wider than the stream's own subjects, and these may be `pixel.*.*`.
  return own?.replace(/>$/, "*") ?? `${prefix}*`;
}

function whyNot(name: string, error: unknown): string {
  const isWorkQueue = error instanceof JetStreamApiError && error.code === WANTS_ACKS;
  return isWorkQueue
    ? `stream ${name} is a work queue: each event is for one reader that acknowledges it, and who only looks is not let in`
    : `stream ${name}: ${reasonOf(error)}`;
}

/** What several streams bring, as it comes, none read further than it is taken from. */
async function* join(
  streams: readonly ConsumerMessages[],
): AsyncGenerator<{ subject: string; payload: string }> {
  const waiting: { readonly message: JsMsg; readonly take: () => void }[] = [];
  let wake = () => {};
  let open = streams.length;
  let failure: { readonly error: unknown } | null = null;
  async function read(stream: ConsumerMessages): Promise<void> {
    for await (const message of stream) {
      await new Promise<void>((take) => {
        waiting.push({ message, take });
        wake();
      });
    }
  }
  for (const stream of streams) {
    read(stream)
      .catch((error: unknown) => {
        failure = { error };
      })
      .finally(() => {
        open--;
        wake();
      });
  }
  while (true) {
    const next = waiting.shift();
    if (next !== undefined) {
      yield { subject: next.message.subject, payload: next.message.string() };
      next.take();
    } else if (failure !== null || open === 0) {
      break;
    } else {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
}
