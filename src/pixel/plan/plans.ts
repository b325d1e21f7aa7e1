// The fast path from a query to an event's bytes, for queries whose keys have been met before in this order. It is right or
// silent: what it does not write the reference does (readQuery, buildEvent, JSON.stringify). Told step by step in
// docs/performance.md, "The fast path".
import type { SourcePolicy } from "../build.ts";
import type { RequestFacts } from "../facts.ts";
import type { EventType } from "../schema.ts";
import { compilePlan } from "./compile.ts";
import { hashKeys, ODD_KEYS, readKeys } from "./keys.ts";
import { readLayout } from "./layout.ts";
import { ODD, PlannedQuery } from "./planned.ts";
import type { KeptPlan, Shape } from "./shape.ts";
import { Shelf } from "./shelf.ts";
import { Ration, Sightings } from "./sightings.ts";
import { Trie } from "./trie.ts";

const BOUNDS = { most: 2048, mostBytes: 8 * 1024 * 1024 };
/** What a plan costs beside its arrays, and each key in the tree. */
const PLAN_BYTES = 512;
const KEY_BYTES = 512;

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
  /** Keys in the tree of shapes. */
  readonly keys: number;
}

/** Plans, made as they are needed. */
export class Plans {
  readonly #trie = new Trie<Shape>();
  readonly #shelf: Shelf<KeptPlan>;
  readonly #sightings = new Sightings();
  readonly #ration = new Ration();
  readonly #planned = new PlannedQuery();
  /** That of the query at hand. */
  #shape: Shape | null = null;
  #made = 0;

  constructor(bounds = BOUNDS) {
    this.#shelf = new Shelf(bounds, (kept) => this.#forget(kept));
  }

  get counts(): PlanCounts {
    return {
      written: this.#planned.written,
      made: this.#made,
      kept: this.#shelf.size,
      keys: this.#trie.size,
      bytes: this.#shelf.bytes,
    };
  }

  /** A URL's query where its shape is known, else null. It is good until the next one is looked for. */
  find(url: string): PlannedQuery | null {
    const planned = this.#planned;
    this.#shape = planned.query.load(url) ? this.#trie.find(planned.query) : null;
    return this.#shape !== null && planned.read(this.#shape) ? planned : null;
  }

  /** Told of an event that the reference had to make: at the second of a kind a plan is made, for the third. */
  learn(url: string, type: EventType, source: SourcePolicy, facts: RequestFacts): void {
    const { query } = this.#planned;
    // The query at hand is nearly always the one that was looked for last.
    if (url !== query.url) this.find(url);
    if (query.url === "") return;
    this.#ration.earn();
    const known = this.#shape;
    const conditions = known === null ? NOT_READ : this.#read(known, type, source, facts);
    if (conditions === ODD || (known !== null && this.#knows(known, conditions))) return;
    const { reached, reachedAt } = this.#trie;
    const seed = reached.number ^ Math.imul(conditions, 0x9e3779b1);
    const hash = hashKeys(url, reachedAt, seed, reached.depth, reached.letters);
    if (hash === ODD_KEYS || !this.#sightings.wasMet(hash) || !this.#ration.take()) return;
    const keys = readKeys(url, query.start);
    if (keys !== null && this.#shelf.makeRoom()) this.#make(keys, type, source, facts);
  }

  /** Makes the plan for the query at hand; its shape too, which making room may have removed. */
  #make(keys: readonly string[], type: EventType, source: SourcePolicy, facts: RequestFacts): void {
    const place = this.#trie.add(keys);
    const shape = place.shape ?? { layout: readLayout(keys), place, plans: new Map<number, KeptPlan>() };
    place.shape = shape;
    this.#trie.find(this.#planned.query);
    const conditions = this.#read(shape, type, source, facts);
    const { layout } = shape;
    const plan = layout === null || conditions === ODD ? null : compilePlan(keys, layout, conditions);
    this.#made++;
    const bytes =
      PLAN_BYTES +
      keys.length * KEY_BYTES +
      (plan === null ? 0 : plan.slots.byteLength + plan.pieces.byteLength);
    const kept: KeptPlan = { shape, conditions, plan, bytes, isUsed: false };
    shape.plans.set(conditions, kept);
    this.#shelf.add(kept);
    this.#shape = shape;
  }

  /** The conditions of the query at hand, of this shape; `ODD` where it can have no plan. */
  #read(shape: Shape, type: EventType, source: SourcePolicy, facts: RequestFacts): number {
    return this.#planned.read(shape) ? this.#planned.conditionsOf(type, source, facts) : ODD;
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
