// What one event costs, measured with the mix on real servers: CPU time, bytes on the network and bytes on disks.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { administer, type NatsServer, startCluster, startNats } from "../support/natsserver.ts";
import { startCountingProxy } from "./countingproxy.ts";
import { bytesIn } from "./disk.ts";
import type { CpuCosts, EventCosts } from "./needs.ts";
import { own } from "./own.ts";
import { cpuTimeUs, residentBytes } from "./process.ts";
import { CONNECTIONS, LOADS } from "./rows.ts";
import { startGateway } from "./servers.ts";

export interface Costs extends EventCosts {
  /** CPU time of the gateway while its events go to the spool. */
  readonly spoolUs: number;
  /** From the nats-server: acks. */
  readonly ackBytes: number;
  /** Resident memory of the gateway under this load. */
  readonly gatewayBytes: number;
}

interface Run {
  readonly gatewayUs: number;
  readonly natsUs: number;
  /** Bytes on the disk of the first server, or of the spool. */
  readonly diskBytes: number;
  readonly gatewayBytes: number;
}

/** How many partitions are many. */
export const PARTITIONS = 16;

const STREAM = "PIXEL";
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

async function send(port: number, seconds: number): Promise<number> {
  const { requests, notOk } = await own.send({ port, ...LOADS.mix, connections: CONNECTIONS, seconds });
  if (notOk > 0) throw new Error(`Cannot measure an event: ${notOk} of ${requests} answers are not 200`);
  return requests;
}

/** How long a run takes, and how long it goes ahead before anything is measured. */
interface Span {
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

/** A gateway in front of these servers, with settings on top; none: its events go to the spool. */
async function measureEvent(
  servers: readonly NatsServer[],
  folder: string,
  { seconds, warmUpSeconds }: Span,
  settings: Readonly<Record<string, string>> = {},
): Promise<Run> {
  const urls = servers.map(({ url }) => url).join(",");
  const gateway = await startGateway({
    PIXELGATE_DATA_DIR: folder,
    PIXELGATE_SPOOL_MAX_BYTES: "8GiB",
    ...(urls === "" ? {} : { NATS_URL: urls, PIXELGATE_STREAM_REPLICAS: String(servers.length) }),
    ...settings,
  });
  const natsUs = () => sum(servers.map(({ pid }) => cpuTimeUs(pid)));
  let running = true;
  try {
    const earlier = await send(gateway.port, warmUpSeconds);
    const before = [cpuTimeUs(gateway.pid), natsUs()] as const;
    const events = await send(gateway.port, seconds);
    const gatewayUs = (cpuTimeUs(gateway.pid) - before[0]) / events;
    const gatewayBytes = residentBytes(gateway.pid);
    const [first] = servers;
    const natsTime = (natsUs() - before[1]) / events;
    const stored = first === undefined ? earlier + events : await countStored(urls);
    // The spool's log is written into its file when it ends well.
    await gateway.stop("SIGTERM");
    running = false;
    const diskBytes = bytesIn(first === undefined ? folder : first.storeDir) / stored;
    return { gatewayUs, natsUs: natsTime, diskBytes, gatewayBytes };
  } finally {
    if (running) await gateway.stop();
  }
}

/** How many messages all streams have. */
function countStored(urls: string): Promise<number> {
  return administer(urls, async ({ streams }) => {
    let stored = 0;
    for await (const { state } of streams.list()) stored += state.messages;
    return stored;
  });
}

/** The same with a destination of many partitions, on a server of its own. */
async function measurePartitioned(folder: string, span: Span): Promise<CpuCosts> {
  const file = join(folder, "partitions.json");
  const config = {
    sources: [{ id: "demo", writeKey: "demo", destinations: ["demo"] }],
    destinations: [{ id: "demo", stream: STREAM, partitions: PARTITIONS }],
  };
  writeFileSync(file, JSON.stringify(config));
  const nats = await startNats();
  try {
    return await measureEvent([nats], join(folder, "partitions"), span, { PIXELGATE_CONFIG: file });
  } finally {
    await nats.stop();
  }
}

/** Bytes of one event over HTTP and to NATS, as two proxies count them. */
async function measureBytes(nats: NatsServer, folder: string, seconds: number) {
  const toNats = await startCountingProxy(nats.port);
  const settings = { NATS_URL: `nats://127.0.0.1:${toNats.port}`, PIXELGATE_DATA_DIR: folder };
  const gateway = await startGateway(settings);
  const toGateway = await startCountingProxy(gateway.port);
  try {
    const events = await send(toGateway.port, seconds);
    return {
      requestBytes: toGateway.to / events,
      replyBytes: toGateway.from / events,
      publishBytes: toNats.to / events,
      ackBytes: toNats.from / events,
    };
  } finally {
    toGateway.stop();
    await gateway.stop();
    toNats.stop();
  }
}

/** Measures all of it, with files in this folder. */
export async function measureCosts(folder: string, span: Span): Promise<Costs> {
  const nats = await startNats();
  const cluster: NatsServer[] = [];
  try {
    const alone = await measureEvent([nats], join(folder, "alone"), span);
    const bytes = await measureBytes(nats, join(folder, "bytes"), span.seconds);
    const spool = await measureEvent([], join(folder, "spool"), span);
    const partitioned = await measurePartitioned(folder, span);
    cluster.push(...(await startCluster()));
    const replicated = await measureEvent(cluster, join(folder, "cluster"), span);
    return {
      gatewayUs: alone.gatewayUs,
      natsUs: alone.natsUs,
      partitioned,
      clusterUs: replicated.natsUs,
      spoolUs: spool.gatewayUs,
      ...bytes,
      streamBytes: alone.diskBytes,
      spoolBytes: spool.diskBytes,
      gatewayBytes: alone.gatewayBytes,
    };
  } finally {
    await nats.stop();
    for (const server of cluster) await server.stop();
  }
}
