// The fast path from a query to an event's bytes, for queries whose keys have been met before in this order. It is right or
// silent: what it does not write the reference does (readQuery, buildEvent, JSON.stringify). docs/performance.md, "The fast
// path", tells it step by step.
import type { SourcePolicy } from "../build.ts";
import type { RequestFacts } from "../facts.ts";
import type { EventType } from "../schema.ts";
import { compilePlan } from "./compile.ts";
import { hashKeys, ODD_KEYS, readKeys } from "./keys.ts";
import { readLayout } from "./layout.ts";
import { LONGEST_URL, ODD, PlannedQuery } from "./planned.ts";
import type { KeptPlan, Shape } from "./shape.ts";
import { Shelf } from "./shelf.ts";
import { Ration, Sightings } from "./sightings.ts";
import { Trie } from "./trie.ts";

const BOUNDS = { most: 2048, mostBytes: 8 * 1024 * 1024 };
/** What a plan costs beside its pieces: objects, and its part of the tree of keys. */
const PLAN_BYTES = 1024;
const SLOT_BYTES = 128;

/** The conditions of a query whose shape is not known. */
const NOT_READ = -2;

/** How the fast path fares. */
export interface PlanCounts {
  /** Events that it has written. */
  readonly written: number;
  /** Plans that were made. */
  readonly made: number;
  /** Plans that are kept, and their bytes, about. */
  readonly kept: number;
  readonly bytes: number;
}

/** Plans, made as they are needed. */
export class Plans {
  readonly #trie = new Trie<Shape>();
  readonly #shelf: Shelf<KeptPlan>;
  readonly #sightings = new Sightings();
  readonly #ration = new Ration();
  readonly #query: PlannedQuery;
  #made = 0;

  constructor(bounds = BOUNDS) {
    this.#shelf = new Shelf(bounds, (kept) => this.#forget(kept));
    const { starts, ends } = this.#trie;
    this.#query = new PlannedQuery(starts, ends);
  }

  get counts(): PlanCounts {
    return {
      written: this.#query.written,
      made: this.#made,
      kept: this.#shelf.size,
      bytes: this.#shelf.bytes,
    };
  }

  /** A URL's query where its shape is known, else null. It is good until the next one is looked for. */
  find(url: string): PlannedQuery | null {
    if (url.length > LONGEST_URL) return null;
    const shape = this.#trie.find(url, queryStart(url));
    return shape !== null && this.#query.read(url, shape) ? this.#query : null;
  }

  /** Told of an event that the reference had to make: at the second of a kind a plan is made, for the third. */
  learn(url: string, type: EventType, source: SourcePolicy, facts: RequestFacts): void {
    if (url.length > LONGEST_URL) return;
    this.#ration.earn(url.length);
    const from = queryStart(url);
    const known = this.#trie.find(url, from);
    const conditions = known === null ? NOT_READ : this.#read(url, known, type, source, facts);
    if (conditions === ODD || (known !== null && this.#knows(known, conditions))) return;
    const hash = hashKeys(url, from);
    if (hash === ODD_KEYS || !this.#sightings.wasMet(hash ^ Math.imul(conditions, 0x9e3779b1))) return;
    if (!this.#ration.take(url.length) || !this.#shelf.makeRoom()) return;
    // Making room may have removed the shape with its last plan.
    const keys = readKeys(url, from);
    if (keys !== null) this.#make(keys, url, from, type, source, facts);
  }

  #make(
    keys: readonly string[],
    url: string,
    from: number,
    type: EventType,
    source: SourcePolicy,
    facts: RequestFacts,
  ): void {
    const place = this.#trie.add(keys);
    place.shape ??= { layout: readLayout(keys), place, plans: new Map() };
    const shape = place.shape;
    this.#trie.find(url, from);
    const conditions = this.#read(url, shape, type, source, facts);
    const plan =
      shape.layout === null || conditions === ODD ? null : compilePlan(keys, shape.layout, conditions);
    this.#made++;
    const slotBytes = (plan?.slots.length ?? keys.length) * SLOT_BYTES;
    const bytes = PLAN_BYTES + slotBytes + (plan?.bytes ?? 0);
    const kept: KeptPlan = { shape, conditions, plan, bytes, isUsed: false };
    shape.plans.set(conditions, kept);
    this.#shelf.add(kept);
  }

  /** The conditions of a query that the tree has just found; `ODD` where it can have no plan. */
  #read(url: string, shape: Shape, type: EventType, source: SourcePolicy, facts: RequestFacts): number {
    return this.#query.read(url, shape) ? this.#query.conditionsOf(type, source, facts) : ODD;
  }

  /** Whether there is a plan already, be it that the reference makes no event. */
  #knows({ plans }: Shape, conditions: number): boolean {
    const kept = plans.get(conditions);
    if (kept === undefined) return false;
    kept.isUsed = true;
    return true;
  }

  #forget({ shape, conditions }: KeptPlan): void {
    shape.plans.delete(conditions);
    if (shape.plans.size === 0) this.#trie.remove(shape.place);
  }
}

/** Where the query of a URL begins; its length where there is none, or a `#` behind it. */
function queryStart(url: string): number {
  const mark = url.indexOf("?");
  return mark < 0 || url.includes("#") ? url.length : mark + 1;
}
