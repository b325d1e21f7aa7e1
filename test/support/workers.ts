// A gateway of several workers, as an operator runs it: real processes, sent to, killed and asked over its ports.
import { spoolNameOf } from "../../src/delivery/spool/name.ts";
import { readSpool } from "../../src/delivery/spool/reader.ts";
import { decodePayload } from "../../src/pixel/payload.ts";
import { childrenOf } from "../bench/process.ts";
import { type Gateway, type GatewayOptions, startGateway } from "./gatewayprocess.ts";
import { afterTest, temporaryFolder } from "./parts.ts";
import { until } from "./until.ts";

/** Starts a gateway that is stopped after the test, whatever the test does to it. */
export async function startWorkers(workers: number, options: GatewayOptions = {}): Promise<Gateway> {
  const env = { PIXELGATE_WORKERS: String(workers), ...options.env };
  const gateway = await startGateway({ dataDir: temporaryFolder(), ...options, env });
  afterTest(() => gateway.stop());
  return gateway;
}

/** Names for events: `<prefix>0`, `<prefix>1` and so on. */
export function namesOf(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

/** Sends a page view on a connection of its own, so that any worker may get it; its status, 0 when there is no answer. */
export async function send({ url }: Gateway, id: string): Promise<number> {
  try {
    const target = `${url}/pixel/v1/page?writeKey=demo&anonymousId=a&messageId=${id}`;
    const { status } = await fetch(target, { headers: { Connection: "close" } });
    return status;
  } catch {
    return 0;
  }
}

/** Sends page views of a source on connections that stay, as fast as it goes; how many got a 200. */
export async function sendBurst({ url }: Gateway, count: number, writeKey: string): Promise<number> {
  let left = count;
  let answered = 0;
  const ask = async () => {
    while (left-- > 0) {
      const { status } = await fetch(`${url}/pixel/v1/page?writeKey=${writeKey}&name=burst`);
      if (status === 200) answered++;
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, 200) }, ask));
  return answered;
}

/** Sends an event for each id, some at a time; the ids of those that were answered with 200. */
export async function sendMany(gateway: Gateway, ids: readonly string[]): Promise<string[]> {
  const answered: string[] = [];
  for (let from = 0; from < ids.length; from += 20) {
    const some = ids.slice(from, from + 20);
    const statuses = await Promise.all(some.map((id) => send(gateway, id)));
    answered.push(...some.filter((_id, index) => statuses[index] === 200));
  }
  return answered;
}

/** Whether a process runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The ids of the events in a worker's spool, by its index. */
export function spooledBy({ dataDir }: Gateway, index: number): string[] {
  const events = readSpool(dataDir, { afterSeq: 0, limit: 10_000, name: spoolNameOf(index) });
  return events.map(({ payload }) => String(JSON.parse(decodePayload(payload)).messageId));
}

/** Kills the oldest worker with SIGKILL, and waits until another one reports in its place. */
export async function killWorker(gateway: Gateway, whileItIsGone = async () => {}): Promise<void> {
  const before = childrenOf(gateway.pid);
  const [victim = 0] = before;
  process.kill(victim, "SIGKILL");
  await until("another worker runs", async () => {
    await whileItIsGone();
    const now = childrenOf(gateway.pid);
    return !now.includes(victim) && (await sumOf(gateway, "pixelgate_nats_state")) === before.length;
  });
}

/** The sum of a metric over its labels. */
export async function sumOf({ adminUrl }: Gateway, name: string): Promise<number> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  const lines = text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\d+)`, "gm"));
  return [...lines].reduce((sum, [, value]) => sum + Number(value), 0);
}

/** What `/status.json` says of all workers together. */
export async function statusOf({ adminUrl }: Gateway) {
  const status = await (await fetch(`${adminUrl}/status.json`)).json();
  return status as {
    readonly totals: { readonly spooled: number };
    readonly delivery: { readonly spooled: number };
  };
}

/** Watches the live feed until the test ends; the function tells whether an event's record has come. */
export async function watchLive(gateway: Gateway): Promise<(id: string) => boolean> {
  const read = await readLive(gateway);
  return (id) => read().includes(`messageId=${id}"`);
}

/** Reads the live feed until the test ends; the function has all that has come, as server-sent events. */
export async function readLive({ adminUrl }: Gateway, query = ""): Promise<() => string> {
  const abort = new AbortController();
  afterTest(() => abort.abort());
  const { body } = await fetch(`${adminUrl}/live${query}`, { signal: abort.signal });
  if (body === null) throw new Error("Cannot watch the live feed: the answer has no body");
  let text = "";
  const decoder = new TextDecoder();
  const read = async () => {
    for await (const chunk of body) text += decoder.decode(chunk, { stream: true });
  };
  // It ends with the test, by the abort.
  read().catch(() => {});
  return () => text;
}
