import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createConnection } from "../../../src/delivery/nats/connection.ts";
import { createPublisher } from "../../../src/delivery/nats/publisher.ts";
import type { NatsOptions } from "../../../src/delivery/nats/servers.ts";
import { createHandClock, type HandClock } from "../../support/clock.ts";
import { freePort } from "../../support/freeport.ts";
import type { NatsServer } from "../../support/natsserver.ts";
import { createOperatorMode } from "../../support/operator.ts";
import {
  afterTest,
  event,
  LAYOUT,
  nats,
  putAwayAfterEach,
  type RecordedLog,
  recordLog,
  temporaryFolder,
} from "../../support/parts.ts";
import { until } from "../../support/until.ts";

putAwayAfterEach();

const LOOK_MS = 30_000;

/** Turns the clock on to each next look, but not while one may be on its way: that would be its end. */
function createLooks(time: HandClock): () => void {
  let polls = 0;
  return () => {
    if (polls++ % 50 === 0) time.advance(LOOK_MS);
  };
}

interface Watched {
  readonly time: HandClock;
  readonly log: RecordedLog;
  /** Each limit that was told. */
  readonly limits: number[];
  /** Lets looks take place until so many limits are told. */
  untilTold(count: number): Promise<void>;
}

async function watch(options: NatsOptions): Promise<Watched> {
  const time = createHandClock();
  const log = recordLog();
  const limits: number[] = [];
  let isConnected = false;
  const connection = createConnection(options, log, time, {
    onConnected: () => {
      isConnected = true;
    },
    onLost() {},
    onDenied() {},
    onLimits: (maxPayload) => void limits.push(maxPayload),
  });
  afterTest(connection.close);
  await until("it is connected", () => isConnected);
  const untilTold = (count: number) => {
    const look = createLooks(time);
    return until(`${count} limits are told`, () => {
      look();
      return limits.length >= count;
    });
  };
  return { time, log, limits, untilTold };
}

/** Has a server take messages of so many bytes, without a word to who is connected. */
const limit = (server: NatsServer, bytes: number) => server.reload(`max_payload: ${bytes}\n`);

test("watchLimits tells once of each other size that the server takes", async () => {
  const server = await nats();
  const { log, limits, untilTold } = await watch({ servers: [server.url] });
  await limit(server, 2048);
  await untilTold(1);
  await limit(server, 1024);
  await untilTold(2);
  expect(limits).toEqual([2048, 1024]);
  const fields = { server: new URL(server.url).host, maxPayload: 2048 };
  expect(log.lines).toContain(`the server's largest message has changed ${JSON.stringify(fields)}`);
});

test("watchLimits does not take a user's own bound for a change of the server's", async () => {
  const operator = createOperatorMode();
  const port = await freePort();
  const server = await nats({ config: `http: "127.0.0.1:${port}"\n${operator.config}` });
  const credsFile = join(temporaryFolder(), "gateway.creds");
  writeFileSync(credsFile, operator.user({ maxPayload: 4096 }).creds);
  const { limits, time } = await watch({ servers: [server.url], credsFile });
  const countConnections = async () => {
    const varz = await fetch(`http://127.0.0.1:${port}/varz`);
    return ((await varz.json()) as { total_connections: number }).total_connections;
  };
  const before = await countConnections();
  const look = createLooks(time);
  await until("it has looked, and after that begun to look again", async () => {
    look();
    return (await countConnections()) > before + 1;
  });
  expect(limits).toEqual([]);
});

test("createPublisher measures events by the size that the server takes now", async () => {
  const server = await nats();
  const time = createHandClock();
  const publisher = createPublisher({
    nats: { servers: [server.url] },
    layout: LAYOUT,
    log: recordLog(),
    time,
    onState() {},
    onNews() {},
    onAck: undefined,
  });
  afterTest(publisher.close);
  await until("it is up", () => publisher.state === "up");
  const large = event("large", { payload: "x".repeat(2048) });
  const [route] = large.routes;
  if (route === undefined) throw new Error("there is no route");
  const why = () => publisher.tooLarge(large, route);
  expect(why()).toBeNull();
  await limit(server, 1024);
  const [shrink, grow] = [createLooks(time), createLooks(time)];
  await until("it is too large", () => {
    shrink();
    return why() !== null;
  });
  await limit(server, 4096);
  await until("it fits again", () => {
    grow();
    return why() === null;
  });
});
