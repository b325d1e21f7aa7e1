// The gates of all streams and destinations: which of them a copy passes, what may go out through both, and what is told of
// them. Knows no connection and no message.
import type { Layout } from "../../config/layout.ts";
import type { Route } from "../../config/subject.ts";
import type { Clock } from "../../runtime/clock.ts";
import {
  allowed,
  allowedFromMs,
  type Gate,
  type GateEvent,
  type GatePhase,
  LONGEST_DESTINATION_MS,
  LONGEST_STREAM_MS,
  nextGate,
  openGate,
} from "../gate.ts";
import { expectStream, type KnownStream } from "./expected.ts";

/** A gate that has a name: that of its stream, or its destination's id, with its stream where it has partitions. */
export interface NamedGate {
  readonly name: string;
  readonly kind: "stream" | "destination";
  gate: Gate;
}

/** The gate of a stream, and what else its messages are held to. */
export interface StreamGate extends NamedGate, KnownStream {
  /** The most bytes of a message, header and payload, that the stream takes; null where that is not known. */
  maxMessageBytes: number | null;
}

/** What a copy passes on its way out. */
export interface Way {
  readonly destination: NamedGate;
  readonly stream: StreamGate;
}

/** What a relay may send of a destination: `untilMs` is by the publisher's clock, and infinite until there is news. */
export type Permit =
  | { readonly is: "many" }
  | { readonly is: "one" }
  | { readonly is: "none"; readonly untilMs: number };

/** What is told of a destination: the worst of its own gate and those of its streams. */
export interface DestinationGate {
  readonly id: string;
  readonly state: Exclude<GatePhase, "probing">;
  /** Why it is not open; empty while it is. */
  readonly reason: string;
  /** How long it has not been open, in milliseconds; null while it is. */
  readonly sinceMs: number | null;
}

/** Whose gates, and who hears of a change. */
export interface GatesOptions {
  readonly time: Clock;
  /** From 0 up to 1, for the back-off. */
  readonly random: () => number;
  /** Whether copies of a destination wait in a spool: then its relay tries a gate that is shut, and no client. */
  readonly hasBacklog: (destinationId: string) => boolean;
  /** Called after each change of a gate's phase. */
  readonly onChange: (gate: NamedGate, before: Gate) => void;
}

const MANY: Permit = { is: "many" };
const ONE: Permit = { is: "one" };
/** Nothing, until there is news. */
export const NONE: Permit = { is: "none", untilMs: Number.POSITIVE_INFINITY };

const OPEN = openGate(LONGEST_DESTINATION_MS);
const BADNESS: Readonly<Record<GatePhase, number>> = { open: 0, slow: 1, shut: 2, probing: 2, barred: 3 };

/** The gates; each is open until something else is told of it. */
export class Gates {
  /** Whether every gate is open, so that nobody needs to look at one. */
  areAllOpen = true;
  /** How many are not. */
  #troubled = 0;
  readonly #options: GatesOptions;
  #layout: Layout;
  readonly #streams = new Map<string, StreamGate>();
  /** By id; those of partitions each by id and stream, since one may be full alone. */
  readonly #destinations = new Map<string, NamedGate>();
  /** By destination; of one with partitions the last that was asked for. */
  readonly #ways = new Map<string, Way>();

  constructor(layout: Layout, options: GatesOptions) {
    this.#layout = layout;
    this.#options = options;
    this.use(layout);
  }

  /** Takes another layout: gates of what is not in it are forgotten, and what was learned of the others counts no more. */
  use(layout: Layout): void {
    this.#layout = layout;
    for (const name of this.#streams.keys()) if (!layout.streams.has(name)) this.#streams.delete(name);
    const before = new Map(this.#destinations);
    this.#destinations.clear();
    this.#ways.clear();
    for (const name of layout.streams.keys()) this.stream(name);
    for (const { id, streams } of layout.destinations.values()) {
      for (const stream of streams) {
        const name = this.#nameOf(id, stream);
        const known = before.get(name);
        if (known === undefined) this.#destination(id, stream);
        else this.#destinations.set(name, known);
      }
    }
    this.#count(this.#all().filter(({ gate }) => gate.phase !== "open").length);
    for (const one of this.#all()) this.tell(one, { is: "news" });
  }

  /** The gate of a stream. */
  stream(name: string): StreamGate {
    const known = this.#streams.get(name);
    if (known !== undefined) return known;
    const gate = openGate(LONGEST_STREAM_MS);
    const one: StreamGate = { ...expectStream(name), kind: "stream", gate, maxMessageBytes: null };
    this.#streams.set(name, one);
    return one;
  }

  #destination(id: string, stream: string): NamedGate {
    const name = this.#nameOf(id, stream);
    const known = this.#destinations.get(name);
    if (known !== undefined) return known;
    const one: NamedGate = { name, kind: "destination", gate: openGate(LONGEST_DESTINATION_MS) };
    this.#destinations.set(name, one);
    return one;
  }

  #nameOf(id: string, stream: string): string {
    const streams = this.#layout.destinations.get(id)?.streams ?? [];
    return streams.length > 1 ? `${id} in ${stream}` : id;
  }

  /** What a copy with this route passes. */
  wayOf({ destinationId, stream }: Route): Way {
    const last = this.#ways.get(destinationId);
    if (last !== undefined && last.stream.name === stream) return last;
    const way = { destination: this.#destination(destinationId, stream), stream: this.stream(stream) };
    this.#ways.set(destinationId, way);
    return way;
  }

  /** Whether a client's copy may go out now. Costs a comparison when every gate is open. */
  takes(route: Route): boolean {
    if (this.areAllOpen) return true;
    const { destination, stream } = this.wayOf(route);
    const isOpen = destination.gate.phase === "open" && stream.gate.phase === "open";
    if (isOpen) return true;
    if (!this.#mayTry(destination.gate) || !this.#mayTry(stream.gate)) return false;
    return !this.#options.hasBacklog(route.destinationId);
  }

  /** A client does not wait for what is slow. */
  #mayTry(gate: Gate): boolean {
    return gate.phase === "open" || allowed(gate, this.#options.time.now()) === "one";
  }

  /** What a relay may send. */
  permit(route: Route): Permit {
    if (this.areAllOpen) return MANY;
    const { destination, stream } = this.wayOf(route);
    const now = this.#options.time.now();
    const own = allowed(destination.gate, now);
    const common = allowed(stream.gate, now);
    if (own === "none" || common === "none") {
      const untilMs = Math.max(allowedFromMs(destination.gate), allowedFromMs(stream.gate));
      return { is: "none", untilMs };
    }
    return own === "one" || common === "one" ? ONE : MANY;
  }

  /** Notes that a copy is sent: where a gate is shut it is the one that tries. */
  probe({ destination, stream }: Way, sentMs: number): void {
    if (destination.gate.phase === "shut") this.tell(destination, { is: "probed", sentMs });
    if (stream.gate.phase === "shut") this.tell(stream, { is: "probed", sentMs });
  }

  /** Tells a gate what has happened; nothing more of one that an earlier layout had. */
  tell(one: NamedGate, event: GateEvent): void {
    const before = one.gate;
    const { time, random, onChange } = this.#options;
    const gate = nextGate(before, event, time.now(), random());
    if (gate === before || this.#gates(one.kind).get(one.name) !== one) return;
    one.gate = gate;
    this.#count(this.#troubled + Number(gate.phase !== "open") - Number(before.phase !== "open"));
    if (gate.phase !== before.phase || gate.untilMs !== before.untilMs) onChange(one, before);
  }

  /** Tells every gate of streams, or every gate of destinations. */
  tellAll(kind: NamedGate["kind"], event: GateEvent): void {
    for (const one of this.#gates(kind).values()) this.tell(one, event);
  }

  /** Whether copies go out to one partition at least of a configured destination; where none is configured, to the default stream. */
  get hasOpen(): boolean {
    const { destinations, defaultStream } = this.#layout;
    if (destinations.size === 0) return this.stream(defaultStream).gate.phase === "open";
    for (const { id, streams } of destinations.values()) {
      for (const stream of streams) {
        const isOpen = this.#destination(id, stream).gate.phase === "open";
        if (isOpen && this.stream(stream).gate.phase === "open") return true;
      }
    }
    return false;
  }

  /** Each configured destination as it is now, and those of which only copies in a spool are left. */
  destinations(): DestinationGate[] {
    const now = this.#options.time.now();
    const ids = new Set([...this.#layout.destinations.keys(), ...this.#ways.keys()]);
    return Array.from(ids, (id) => {
      const { phase, reason, troubledMs } = this.#worstOf(id);
      const sinceMs = troubledMs === null ? null : now - troubledMs;
      return { id, state: phase === "probing" ? "shut" : phase, reason, sinceMs };
    });
  }

  #worstOf(id: string): Gate {
    const { streams = [this.#layout.defaultStream] } = this.#layout.destinations.get(id) ?? {};
    let worst = OPEN;
    for (const stream of streams) {
      for (const { gate } of [this.#destination(id, stream), this.stream(stream)]) {
        if (BADNESS[gate.phase] > BADNESS[worst.phase]) worst = gate;
      }
    }
    return worst;
  }

  #all(): NamedGate[] {
    return [...this.#streams.values(), ...this.#destinations.values()];
  }

  #gates(kind: NamedGate["kind"]): ReadonlyMap<string, NamedGate> {
    return kind === "stream" ? this.#streams : this.#destinations;
  }

  /** Kept by each change, and not counted: among 10,000 gates that took 0.4 ms a change, and seconds when all had news. */
  #count(troubled: number): void {
    this.#troubled = troubled;
    this.areAllOpen = troubled === 0;
  }
}
