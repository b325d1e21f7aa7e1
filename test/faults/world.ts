// What a fault happens to: real nats-servers, a real gateway process on a data directory, load on it; and the account
// that is taken of it at the end.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../support/freeport.ts";
import { type Gateway, startGateway } from "../support/gatewayprocess.ts";
import type { NatsServer } from "../support/natsserver.ts";
import { until } from "../support/until.ts";
import { readStream } from "./contents.ts";
import { type Load, markOf, OK, REFUSED, type Sent, startLoad } from "./load.ts";
import { type Metrics, readMetrics } from "./metrics.ts";

/** How large a run is. Times are those of issue-size faults, or shorter ones that show the same. */
export interface Scale {
  /** Events that must be answered 200 at least. */
  readonly events: number;
  readonly connections: number;
  readonly perSecond: number;
  /** How long a server stays away. */
  readonly awayMs: number;
  readonly frozenMs: number;
  /** How long a cluster has no quorum. */
  readonly quorumMs: number;
  /** Load before the fault and after it. */
  readonly calmMs: number;
  /** How often a spool's file is damaged, and how often it is cut short. */
  readonly damages: number;
  readonly cuts: number;
  /** How often a gateway is killed that mends its file. */
  readonly kills: number;
  /** How often a neighbour's trouble comes and goes, and how long it lasts. */
  readonly rounds: number;
  readonly phaseMs: number;
  /** Events a second of a neighbour's rows: so few that the machine has room for what a trouble may cost. */
  readonly neighbourPerSecond: number;
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

const READY_MS = 30_000;
const START_TRIES = 3;
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

  /** Uses a generator, and ends it at the end if nobody has. */
  adoptLoad(load: Load): Load {
    this.onEnd(load.end);
    return load;
  }

  /** Starts the gateway on ports and a data directory that it keeps, on others if somebody took one of them meanwhile. */
  async startGateway(urls: readonly string[], env: Record<string, string> = {}): Promise<void> {
    for (let tries = 1; ; tries++) {
      const ports = { PORT: String(await freePort()), ADMIN_PORT: String(await freePort()) };
      this.#env = { ...env, ...ports, NATS_URL: urls.join(",") };
      try {
        return await this.restartGateway();
      } catch (error) {
        const isTaken = error instanceof Error && error.message.includes("port is in use");
        if (!isTaken || tries === START_TRIES) throw error;
      }
    }
  }

  async restartGateway(): Promise<void> {
    this.gateway = await startGateway({ env: this.#env, dataDir: this.dataDir });
  }

  async stopGateway(signal: NodeJS.Signals): Promise<number | null> {
    const { gateway } = this;
    this.gateway = null;
    return gateway === null ? null : gateway.stop(signal);
  }

  /** What the admin port says; null while the gateway does not answer. */
  metrics(): Promise<Metrics | null> {
    return readMetrics(this.#env.ADMIN_PORT, Number(this.#env.PIXELGATE_WORKERS ?? 1));
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
    const plan = { port, connections, perSecond, run, isMarked, file, writeKeys: ["demo"], largeEvery: 0 };
    this.load = this.adoptLoad(startLoad(plan));
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
    const counts = await this.#readStream(url);
    return this.#compare(sent, counts);
  }

  /** Looks until the load is over and the spool empty, and keeps when there was last something in it. */
  async #watchDrain(isLoadOver: () => boolean): Promise<void> {
    let busyAt = this.#endedAt;
    const isOver = async () => {
      const metrics = await this.metrics();
      const isDrained = metrics?.isEmptied === true;
      if (!isDrained) busyAt = performance.now();
      return isDrained && isLoadOver();
    };
    await until("the spool is empty and NATS up", isOver, DRAIN_MS);
    this.#drainMs = this.#endedAt === 0 ? null : busyAt - this.#endedAt;
  }

  /** How often each event is in the stream, by its number. */
  async #readStream(url: string): Promise<Map<number, number>> {
    let counts = new Map<number, number>();
    const pattern = new RegExp(`"messageId":"${this.run}-(\\d+)"`);
    await readStream(url, "PIXEL", () => {
      const found = new Map<number, number>();
      counts = found;
      return (_subject, text) => {
        const event = Number(pattern.exec(text)?.[1] ?? -1);
        if (this.isMarked && !text.includes(`"mark":"${markOf(this.run, event)}"`)) {
          throw new Error(`An event is not as it was sent: ${text.slice(0, 1000)}`);
        }
        found.set(event, (found.get(event) ?? 0) + 1);
      };
    });
    return counts;
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

  /** The error of a fault that could not be finished, with what the gateway said last. */
  blame(fault: number, error: unknown): Error {
    const output = this.gateway?.output().split("\n").slice(-15).join("\n") ?? "";
    const reason = error instanceof Error ? error.message : error;
    return new Error(`Cannot finish fault ${fault}: ${reason}\n${output}`, { cause: error });
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
