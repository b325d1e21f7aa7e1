// A road is all that a relay knows of one destination: its lanes, one for each of its streams, and what is on the wire on any
// of them. Knows where roads lead, and not when anything goes.
import type { Layout } from "../config/layout.ts";
import { Lane } from "./lane.ts";

const FIRST_SEQ = 1;

/** One destination's way out of a spool. */
export class Road {
  readonly destinationId: string;
  /** One for each of its streams. */
  lanes: readonly Lane[] = [];
  /** The sequences of its copies on the wire, whatever their stream: none is sent twice at once. */
  readonly inFlight = new Set<number>();
  /** Whether copies were passed over because the quarantine is full. */
  isStuck = false;
  /** Calls the next pass off; null while none is waited for. */
  cancelPass: (() => void) | null = null;

  constructor(destinationId: string) {
    this.destinationId = destinationId;
  }

  /** Whether every row has been tried, and nothing is on the wire or waits for its time. */
  get isAtEnd(): boolean {
    return this.inFlight.size === 0 && this.lanes.every((lane) => lane.isDone);
  }

  /** Gives it a lane for each of these streams, from the first row on. */
  layOut(streams: readonly string[]): void {
    this.close();
    this.lanes = streams.map((stream) => new Lane(this.destinationId, stream));
  }

  /** Goes back to the first row. */
  rewind(): void {
    for (const lane of this.lanes) lane.rewind(FIRST_SEQ);
    this.isStuck = false;
  }

  /** Ends what it waits for. What is on the wire comes back to it all the same. */
  close(): void {
    this.cancelPass?.();
    this.cancelPass = null;
    this.isStuck = false;
    for (const lane of this.lanes) lane.close();
    this.lanes = [];
  }
}

/** The roads of one relay, by destination. */
export class Roads {
  /** The lanes of all of them. */
  lanes = 0;
  readonly #layout: () => Layout;
  readonly #roads = new Map<string, Road>();

  /** `layout` is that of each moment. */
  constructor(layout: () => Layout) {
    this.#layout = layout;
  }

  /** The road of a destination, laid out when there is none. */
  to(destinationId: string): Road {
    const known = this.#roads.get(destinationId);
    if (known !== undefined) return known;
    const road = new Road(destinationId);
    this.#roads.set(destinationId, road);
    this.#layOut(road);
    return road;
  }

  /** Lays every road out anew: the layout is another one. */
  layOutAll(): void {
    for (const road of this.#roads.values()) this.#layOut(road);
  }

  #layOut(road: Road): void {
    const { destinations, defaultStream } = this.#layout();
    this.lanes -= road.lanes.length;
    road.layOut(destinations.get(road.destinationId)?.streams ?? [defaultStream]);
    this.lanes += road.lanes.length;
  }

  /** Forgets those on which nothing is or waits. */
  prune(hasBacklog: (destinationId: string) => boolean): void {
    for (const [destinationId, road] of this.#roads) {
      if (hasBacklog(destinationId) || road.inFlight.size > 0) continue;
      this.lanes -= road.lanes.length;
      road.close();
      this.#roads.delete(destinationId);
    }
  }

  close(): void {
    for (const road of this.#roads.values()) road.close();
  }
}
