// What a fault happens to: real nats-servers, a real gateway process on a data directory, load on it; and the account
// that is taken of it at the end.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { jetstream } from "@nats-io/jetstream";
import { connect } from "nats";
import { freePort } from "../support/freeport.ts";
import { type Gateway, startGateway } from "../support/gatewayprocess.ts";
import { type NatsServer, patiently } from "../support/natsserver.ts";
import { until } from "../support/until.ts";
import { type Load, markOf, OK, REFUSED, type Sent, startLoad } from "./load.ts";

/** How large a run is. Times are those of issue-size faults, or shorter ones that show the same. */
export interface Scale {
  /** Events that must be answered 200 at least. */
  readonly events: number;
  readonly connections: number;
  readonly perSecond: number;
  /** How long a server stays away. */
  readonly awayMs: number;
  readonly frozenMs: number;
  /** Load before the fault and after it. */
  readonly calmMs: number;
  /** How often a spool's file is damaged, and how often it is cut short. */
  readonly damages: number;
  readonly cuts: number;
  /** How often a gateway is killed that mends its file. */
  readonly kills: number;
  /** Of what is chosen at random. */
  readonly seed: number;
}

export interface Account {
  readonly answered: number;
  readonly refused: number;
  readonly unanswered: number;
  readonly inStream: number;
  readonly lost: number;
  readonly twice: number;
  readonly p99Ms: number;
  /** From the end of the fault until the spool was empty, and stayed so under load. */
  readonly drainMs: number | null;
  readonly note: string;
}

/** What the admin port says. */
export interface Metrics {
  readonly spooled: number;
  readonly salvageLeft: number;
  readonly isUp: boolean;
  readonly isFull: boolean;
}

/** Whether nothing is left to bring to NATS. */
export function isEmptied(metrics: Metrics | null): boolean {
  return metrics?.spooled === 0 && metrics.salvageLeft === 0 && metrics.isUp;
}

const READY_MS = 30_000;
const DRAIN_MS = 120_000;

export class World {
  readonly scale: Scale;
  readonly folder: string;
  dataDir: string;
  gateway: Gateway | null = null;
  load: Load | null = null;
  /** Only events sent after this count as lost: those before it are somebody else's to lose. */
  countFromMs = 0;
  /** Events of which the fault has destroyed the very bytes, by their numbers: these do not count as lost. */
  readonly destroyed = new Set<number>();
  /** Whether each event repeats its own id, and is read back for every byte of it. */
  isMarked = false;
  note = "";
  #env: Record<string, string> = {};
  #endedAt = 0;
  #drainMs: number | null = null;
  #cleanUps: (() => unknown)[] = [];
  /** Begins the id of every event. */
  readonly run = Math.random().toString(36).slice(2, 8).padEnd(6, "0");

  constructor(scale: Scale) {
    this.scale = scale;
    this.folder = mkdtempSync(join(tmpdir(), "pixelgate-fault-"));
    this.dataDir = join(this.folder, "data");
  }

  onEnd(cleanUp: () => unknown): void {
    this.#cleanUps.push(cleanUp);
  }

  /** Uses a server, and puts it away at the end. */
  adopt(server: NatsServer): NatsServer {
    this.onEnd(server.stop);
    return server;
  }

  /** Starts the gateway on its ports and data directory: the same ones each time. */
  async startGateway(urls: readonly string[], env: Record<string, string> = {}): Promise<void> {
    if (this.#env.PORT === undefined) {
      this.#env = { PORT: String(await freePort()), ADMIN_PORT: String(await freePort()) };
    }
    Object.assign(this.#env, env, { NATS_URL: urls.join(",") });
    await this.restartGateway();
  }

  async restartGateway(): Promise<void> {
    this.gateway = await startGateway({ env: this.#env, dataDir: this.dataDir });
  }

  async stopGateway(signal: NodeJS.Signals): Promise<number | null> {
    const { gateway } = this;
    this.gateway = null;
    return gateway === null ? null : gateway.stop(signal);
  }

  /** Events in the spool, rows still to come back to it and the state of NATS; null while the gateway does not answer. */
  async metrics(): Promise<Metrics | null> {
    try {
      const text = await (await fetch(`http://127.0.0.1:${this.#env.ADMIN_PORT}/metrics`)).text();
      const value = (name: string) =>
        Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1] ?? Number.NaN);
      return {
        spooled: value("pixelgate_spool_events"),
        salvageLeft: value("pixelgate_spool_salvage_rows"),
        isUp: value('pixelgate_nats_state\\{state="up"\\}') === Number(this.#env.PIXELGATE_WORKERS ?? 1),
        isFull: value("pixelgate_spool_full") === 1,
      };
    } catch {
      return null;
    }
  }

  untilUp(): Promise<void> {
    return until("the gateway has NATS", async () => (await this.metrics())?.isUp === true, READY_MS);
  }

  get port(): number {
    return Number(this.#env.PORT);
  }

  startLoad(perSecond: number | null = this.scale.perSecond, connections = this.scale.connections): void {
    const { port, run, isMarked } = this;
    const file = join(this.folder, "results");
    this.load = startLoad({ port, connections, perSecond, run, isMarked, file });
  }

  /** The fault is over: from now on the spool must get empty. */
  faultEnds(): void {
    this.#endedAt = performance.now();
  }

  /** Goes on with the load until enough events are answered, ends it, waits for the drain, and compares. */
  async account(url: string): Promise<Account> {
    const { load, scale } = this;
    if (load === null) throw new Error("there was no load");
    let isOver = false;
    const watching = this.#watchDrain(() => isOver);
    await sleep(scale.calmMs);
    await until("enough events are answered", () => load.answered >= scale.events, DRAIN_MS);
    const sent = await load.stop();
    isOver = true;
    await watching;
    const counts = await patiently(() => this.#readStream(url));
    return this.#compare(sent, counts);
  }

  /** Looks until the load is over and the spool empty, and keeps when there was last something in it. */
  async #watchDrain(isLoadOver: () => boolean): Promise<void> {
    let busyAt = this.#endedAt;
    const isOver = async () => {
      const metrics = await this.metrics();
      const isDrained = isEmptied(metrics);
      if (!isDrained) busyAt = performance.now();
      return isDrained && isLoadOver();
    };
    await until("the spool is empty and NATS up", isOver, DRAIN_MS);
    this.#drainMs = this.#endedAt === 0 ? null : busyAt - this.#endedAt;
  }

  /** How often each event is in the stream, by its number. */
  async #readStream(url: string): Promise<Map<number, number>> {
    const connection = await connect({ servers: url.split(","), timeout: 3000 });
    try {
      const counts = new Map<number, number>();
      const consumer = await jetstream(connection).consumers.get("PIXEL");
      let left = (await consumer.info()).num_pending;
      if (left === 0) return counts;
      const pattern = new RegExp(`"messageId":"${this.run}-(\\d+)"`);
      for await (const message of await consumer.consume({ max_messages: 2000 })) {
        const text = message.string();
        const event = Number(pattern.exec(text)?.[1] ?? -1);
        if (this.isMarked && !text.includes(`"mark":"${markOf(this.run, event)}"`)) {
          throw new Error(`An event is not as it was sent: ${text.slice(0, 1000)}`);
        }
        counts.set(event, (counts.get(event) ?? 0) + 1);
        if (--left === 0) break;
      }
      return counts;
    } finally {
      await connection.close();
    }
  }

  #compare(sent: readonly Sent[], counts: ReadonlyMap<number, number>): Account {
    const of = (result: number) => sent.filter((one) => one.result === result).length;
    const latencies = sent.filter(({ result }) => result === OK).map(({ latencyMs }) => latencyMs);
    latencies.sort((a, b) => a - b);
    const isLost = ({ result, sentAtMs }: Sent, event: number) =>
      result === OK && sentAtMs >= this.countFromMs && !counts.has(event) && !this.destroyed.has(event);
    return {
      answered: of(OK),
      refused: of(REFUSED),
      unanswered: sent.length - of(OK) - of(REFUSED),
      inStream: [...counts.values()].reduce((sum, count) => sum + count, 0),
      lost: sent.filter(isLost).length,
      twice: [...counts.values()].filter((count) => count > 1).length,
      p99Ms: latencies[Math.floor(latencies.length * 0.99)] ?? 0,
      drainMs: this.#drainMs,
      note: this.note,
    };
  }

  async close(): Promise<void> {
    try {
      await this.stopGateway("SIGKILL");
    } finally {
      for (const cleanUp of this.#cleanUps.reverse()) await cleanUp();
      rmSync(this.folder, { recursive: true, force: true });
    }
  }
}
