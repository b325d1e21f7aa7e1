// Notices that a server takes larger or smaller messages than when we connected. It tells that to nobody who is
// connected, only to whom it greets: so now and then it is asked for its greeting.
import type { Server } from "../../config/natsserver.ts";
import type { Clock } from "../../runtime/clock.ts";
import { greet } from "./greeting.ts";
import type { Dialled, NatsOptions } from "./servers.ts";
import { readTls } from "./tls.ts";

const LOOK_MS = 30_000;

/** Calls `onChange` with the largest message's bytes when they have changed, until the function it returns is called. */
export function watchLimits(
  { connection, greeting }: Pick<Dialled, "connection" | "greeting">,
  server: Server,
  nats: NatsOptions,
  time: Clock,
  onChange: (maxPayload: number) => void,
): () => void {
  const { info } = connection;
  // Behind one name there may be several servers: then it takes luck to be greeted by ours.
  if (info === undefined || info.server_id !== greeting.serverId) return () => {};
  // A user's own bound is told to that user alone, when it connects.
  const ownLimit = info.max_payload < greeting.maxPayload ? info.max_payload : Number.POSITIVE_INFINITY;
  let told = info.max_payload;
  let isLooking = false;
  let isOver = false;

  async function look(): Promise<void> {
    const greeted = await greet(server, readTls(server, nats), time);
    if (isOver || greeted.is !== "greeting" || greeted.greeting.serverId !== greeting.serverId) return;
    const maxPayload = Math.min(greeted.greeting.maxPayload, ownLimit);
    if (maxPayload === told) return;
    told = maxPayload;
    onChange(maxPayload);
  }

  const stop = time.every(LOOK_MS, () => {
    if (isLooking) return;
    isLooking = true;
    // A file that cannot be read is the next dial's concern.
    void look()
      .catch(() => {})
      .finally(() => {
        isLooking = false;
      });
  });
  return () => {
    isOver = true;
    stop();
  };
}
