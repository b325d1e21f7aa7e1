// What happens to a cluster of three servers and to the replicated stream on it.
import { setTimeout as sleep } from "node:timers/promises";
import { compareVersions, findNatsServers, natsVersion } from "../support/natsbinaries.ts";
import { administer, type NatsServer, startCluster, untilHealthy } from "../support/natsserver.ts";
import { begin, type Fault } from "./fault.ts";
import type { World } from "./world.ts";

const SIZE = 3;
/** A server so told hands over what it leads, sends its clients away, and ends: how one is restarted in service. */
const LAME_DUCK = "SIGUSR2";
/**
 * In a cluster with newer ones 2.9 stores some messages twice that have one id, and its replicas then differ: nothing
 * that a publisher could help.
 */
const FIRST_TO_MIX = "2.10";

/** Each on a stream of three replicas, under load. */
export const CLUSTER_FAULTS: readonly Fault[] = [
  {
    number: 17,
    name: "cluster upgraded, a server at a time",
    run: async (world) => {
      const { binaries, note } = chooseUpgrade();
      const [oldest, newest] = binaries;
      const { servers, urls } = await beginOnCluster(world, oldest);
      for (const server of servers) {
        await untilHealthy(servers);
        await sleep(world.scale.calmMs);
        await server.kill(LAME_DUCK);
        await server.start(newest);
      }
      await untilHealthy(servers);
      world.faultEnds();
      world.note = note;
      return world.account(urls);
    },
  },
  {
    number: 18,
    name: "a server of three lost for good",
    run: async (world) => {
      const { servers, urls } = await beginOnCluster(world);
      // With its store: it is the leader that only has what the others have not heard of yet.
      await (await leaderOf(servers, urls)).stop();
      world.faultEnds();
      await sleep(world.scale.awayMs);
      return world.account(urls);
    },
  },
  {
    number: 19,
    name: "two servers of three away, so no quorum",
    run: async (world) => {
      const { servers, urls } = await beginOnCluster(world);
      const leader = await leaderOf(servers, urls);
      const gone = [leader, ...servers.filter((server) => server !== leader)].slice(0, 2);
      await Promise.all(gone.map((server) => server.kill()));
      await sleep(world.scale.quorumMs);
      await Promise.all(gone.map((server) => server.start()));
      world.faultEnds();
      world.note = `${world.scale.quorumMs / 1000} s without`;
      return world.account(urls);
    },
  },
];

/** From which server to which: the oldest and the newest of NATS_SERVERS that may be mixed. */
function chooseUpgrade(): { binaries: readonly [string, string]; note: string } {
  const versions = new Map(findNatsServers().map((path) => [path, natsVersion(path)]));
  const sorted = [...versions].toSorted(([, one], [, other]) => compareVersions(one, other));
  const mixed = sorted.filter(([, version]) => compareVersions(version, FIRST_TO_MIX) >= 0);
  const [[oldest, from] = ["", ""]] = mixed.length > 0 ? mixed : sorted;
  const [newest, to] = mixed.at(-1) ?? [oldest, from];
  const note = from === to ? `${from} restarted: no other to go to in NATS_SERVERS` : `from ${from} to ${to}`;
  return { binaries: [oldest, newest], note };
}

/** A cluster, a gateway on it that makes a stream of three replicas, and load. */
export async function beginOnCluster(world: World, binary?: string) {
  const servers = await startCluster(SIZE, binary);
  for (const server of servers) world.adopt(server);
  const urls = servers.map(({ url }) => url);
  await begin(world, urls, { PIXELGATE_STREAM_REPLICAS: String(SIZE) });
  return { servers, urls: urls.join(",") };
}

/** The server that leads the stream. */
export async function leaderOf(servers: readonly NatsServer[], urls: string): Promise<NatsServer> {
  const { cluster } = await administer(urls, (manager) => manager.streams.info("PIXEL"));
  const leader = servers[Number(cluster?.leader?.slice(1)) - 1];
  if (leader === undefined) throw new Error(`the stream has no known leader: ${cluster?.leader}`);
  return leader;
}
