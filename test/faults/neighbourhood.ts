// A healthy destination and broken ones beside it, under load from sources with and without a broken one; and the account
// of what the trouble of the broken ones has cost the healthy one.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { NatsServer } from "../support/natsserver.ts";
import { until } from "../support/until.ts";
import { readStream } from "./contents.ts";
import { LIMIT_MS } from "./fault.ts";
import { type Load, startLoad } from "./load.ts";
import { compare, type NeighbourAccount, type Phase } from "./neighbouraccount.ts";
import type { World } from "./world.ts";

export interface Destination {
  readonly id: string;
  readonly stream?: string;
}

export interface Source {
  readonly writeKey: string;
  readonly destinations: readonly string[];
}

const LOOK_MS = 50;

/** Who lives there: the configuration, and the two loads, whose sources take turns. */
export interface Houses {
  readonly destinations: readonly Destination[];
  readonly broken: ReadonlySet<string>;
  /** Have healthy destinations alone. */
  readonly calm: readonly Source[];
  /** Have a broken one, too. */
  readonly both: readonly Source[];
}

/** What is done to the broken ones, and undone. */
export interface Trouble {
  readonly nats: NatsServer;
  /** Where the gateway finds NATS, if not at the server itself. */
  readonly url?: string;
  readonly env?: Record<string, string>;
  /** Every event of so many for a broken one is large; 0, the default: none. */
  readonly largeEvery?: number;
  /** After the gateway's start, before the load. */
  ready?(): Promise<unknown>;
  break(): Promise<unknown>;
  mend(): Promise<unknown>;
}

/** One run: calm and troubled phases in turns under two loads, then the account. */
export class Neighbourhood {
  readonly houses: Houses;
  readonly #world: World;
  readonly #runs: { readonly sources: readonly Source[]; readonly run: string; readonly load: Load }[] = [];
  readonly #phases: Phase[] = [];
  /** The most copies of each destination that were kept in the spool or in quarantine at one time. */
  readonly #most = new Map<string, number>();
  readonly #kept = new Map<string, Map<string, number>>();

  constructor(world: World, houses: Houses) {
    this.#world = world;
    this.houses = houses;
  }

  /** Lets the trouble come and go. */
  async live(trouble: Trouble): Promise<NeighbourAccount> {
    const { scale } = this.#world;
    await this.#startGateway(trouble);
    await trouble.ready?.();
    this.#startLoads(trouble.largeEvery ?? 0);
    const hasBegun = () => this.#runs.every(({ load }) => load.answered > 50);
    await until("the loads have begun", hasBegun, LIMIT_MS);
    await sleep(scale.calmMs);
    const stopWatching = this.#watch();
    for (let round = 0; round < scale.rounds; round++) {
      await this.#phase(false);
      await trouble.break();
      await this.#phase(true, () => this.#mostKept(true) > 0);
      await trouble.mend();
      await this.#untilMended();
    }
    await this.#phase(false);
    const answered = () => this.#runs.reduce((sum, { load }) => sum + load.answered, 0);
    await until("enough events are answered", () => answered() >= scale.events, LIMIT_MS);
    const sent = await Promise.all(this.#runs.map(({ load }) => load.stop()));
    await this.#untilMended();
    await stopWatching();
    const metrics = await this.#world.metrics();
    // An event of a calm source is spooled for a healthy destination or not at all, and the gateway has counted these.
    const counted = this.houses.calm.map(({ writeKey }) => metrics?.spooledOf(writeKey) ?? Number.NaN);
    const spooled = counted.reduce((sum, events) => sum + events, this.#mostKept(false));
    const streams = new Set(["PIXEL", ...this.houses.destinations.flatMap(({ stream }) => stream ?? [])]);
    for (const stream of streams) await this.keep(trouble.nats.url, stream);
    const runs = this.#runs.map(({ sources, run }, index) => ({ sources, run, sent: sent[index] ?? [] }));
    return compare(runs, this.#phases, this.#kept, this.houses.broken, {
      spooled,
      brokenKept: this.#mostKept(true),
    });
  }

  /** Notes what a stream holds: at the end, or before it is deleted. */
  async keep(url: string, stream: string): Promise<void> {
    let found: [destination: string, id: string][] = [];
    await readStream(url, stream, () => {
      const now: typeof found = [];
      found = now;
      return (subject, text) => {
        const id = /"messageId":"([^"]+)"/.exec(text)?.[1];
        if (id !== undefined) now.push([subject.split(".")[1] ?? "", id]);
      };
    });
    for (const [destination, id] of found) {
      const counts = this.#kept.get(destination) ?? new Map<string, number>();
      this.#kept.set(destination, counts);
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
  }

  async #startGateway({ nats, url = nats.url, env = {} }: Trouble): Promise<void> {
    const { destinations, calm, both } = this.houses;
    const sources = [...new Map([...calm, ...both].map((source) => [source.writeKey, source])).values()];
    const file = join(this.#world.folder, "pixelgate.json");
    const content = { sources: sources.map((source) => ({ id: source.writeKey, ...source })), destinations };
    writeFileSync(file, JSON.stringify(content));
    await this.#world.startGateway([url], { PIXELGATE_CONFIG: file, ...env });
    await this.#world.untilUp();
  }

  #startLoads(largeEvery: number): void {
    const world = this.#world;
    const { connections, neighbourPerSecond } = world.scale;
    for (const [name, sources] of Object.entries({ calm: this.houses.calm, both: this.houses.both })) {
      const run = `${world.run}${name}`;
      const plan = {
        port: world.port,
        connections: connections / 2,
        perSecond: neighbourPerSecond / 2,
        run,
        writeKeys: sources.map(({ writeKey }) => writeKey),
        isMarked: false,
        largeEvery: name === "both" ? largeEvery : 0,
        file: join(world.folder, name),
      };
      this.#runs.push({ sources, run, load: world.adoptLoad(startLoad(plan)) });
    }
  }

  /** A while under load, until it has shown what it is there for. */
  async #phase(isTroubled: boolean, isShown = () => true): Promise<void> {
    const fromMs = Date.now();
    await sleep(this.#world.scale.phaseMs);
    await until("the trouble shows", isShown, LIMIT_MS);
    this.#phases.push({ isTroubled, fromMs, toMs: Date.now() });
  }

  async #untilMended(): Promise<void> {
    const isSo = async () => {
      const metrics = await this.#world.metrics();
      return metrics?.isEmptied === true && metrics.quarantined === 0;
    };
    await until("the broken destinations have everything", isSo, LIMIT_MS);
  }

  /** Looks all the time for copies that are kept. */
  #watch(): () => Promise<void> {
    let isOver = false;
    const watching = (async () => {
      while (!isOver) {
        const metrics = await this.#world.metrics();
        for (const [id, copies] of metrics?.copies() ?? []) {
          this.#most.set(id, Math.max(this.#most.get(id) ?? 0, copies));
        }
        await sleep(LOOK_MS);
      }
    })();
    return async () => {
      isOver = true;
      await watching;
    };
  }

  /** Of each destination the most copies that were kept at one time, added up. */
  #mostKept(isBroken: boolean): number {
    const wanted = [...this.#most].filter(([id]) => this.houses.broken.has(id) === isBroken);
    return wanted.reduce((sum, [, copies]) => sum + copies, 0);
  }
}
