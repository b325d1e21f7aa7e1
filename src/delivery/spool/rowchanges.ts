// What is to become of copies with the next transaction: some are delivered and go, some go to quarantine.
import type { SpoolFile } from "./file.ts";
import { DamagedRow, type SpooledEvent } from "./row.ts";
import type { Stock } from "./stock.ts";

/** A `Gone` that grows. */
interface Going {
  readonly event: SpooledEvent;
  readonly destinations: Map<string, string | null>;
}

/** Destinations that have got an event, by its sequence. */
export type Settled = ReadonlyMap<number, ReadonlySet<string>>;

/** The changes that wait; a copy that is to go is never read again. */
export class RowChanges {
  /** Copies that are delivered, by the sequence of their event. */
  readonly delivered = new Map<number, Going>();
  /** Copies that go to quarantine, likewise. */
  readonly refused = new Map<number, Going>();
  #refusedCopies = 0;
  #refusedBytes = 0;

  get isEmpty(): boolean {
    return this.delivered.size === 0 && this.refused.size === 0;
  }

  /** What waits for quarantine. */
  get refusedStock(): Stock {
    return { copies: this.#refusedCopies, bytes: this.#refusedBytes };
  }

  deliver(event: SpooledEvent, destinationId: string): void {
    note(this.delivered, event, destinationId, null);
  }

  refuse(event: SpooledEvent, destinationId: string, reason: string): void {
    if (this.has(event.seq, destinationId)) return;
    note(this.refused, event, destinationId, reason);
    this.#refusedCopies++;
    this.#refusedBytes += event.payload.length;
  }

  /** Whether a copy is to go. */
  has(seq: number, destinationId: string): boolean {
    return (
      this.delivered.get(seq)?.destinations.has(destinationId) === true ||
      this.refused.get(seq)?.destinations.has(destinationId) === true
    );
  }

  /** An event without the copies that are to go. */
  leave(event: SpooledEvent): SpooledEvent {
    const { seq, routes } = event;
    if (!this.delivered.has(seq) && !this.refused.has(seq)) return event;
    return { ...event, routes: routes.filter(({ destinationId }) => !this.has(seq, destinationId)) };
  }

  /** Who has got what already. What was to go to quarantine is found out again. */
  settled(): Settled {
    const settled = new Map<number, ReadonlySet<string>>();
    for (const [seq, { destinations }] of this.delivered) settled.set(seq, new Set(destinations.keys()));
    return settled;
  }

  /** Whether no row of a file is left that is not to go: its sums alone are not worth events. */
  emptiesAllOf(file: Pick<SpoolFile, "rows" | "readAll" | "quarantined">): boolean {
    if (file.rows === 0 || this.delivered.size < file.rows) return false;
    if (this.refused.size > 0 || file.quarantined().size > 0) return false;
    return file
      .readAll(0, this.delivered.size + 1)
      .every((row) => !(row instanceof DamagedRow) && this.leave(row).routes.length === 0);
  }

  clearDelivered(): void {
    this.delivered.clear();
  }

  clear(): void {
    this.delivered.clear();
    this.refused.clear();
    this.#refusedCopies = 0;
    this.#refusedBytes = 0;
  }
}

function note(
  changes: Map<number, Going>,
  event: SpooledEvent,
  destinationId: string,
  reason: string | null,
): void {
  const known = changes.get(event.seq);
  if (known === undefined)
    changes.set(event.seq, { event, destinations: new Map([[destinationId, reason]]) });
  else known.destinations.set(destinationId, reason);
}
