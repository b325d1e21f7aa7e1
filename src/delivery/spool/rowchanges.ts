// What is to become of rows with the next transaction: some are done and go, some stay for fewer routes.
import type { Address } from "../../config/subject.ts";
import type { KeptRow, SpoolFile } from "./file.ts";
import type { SpooledEvent } from "./row.ts";

/** The changes that wait; a row that is to go is never read again. */
export class RowChanges {
  /** Rows to delete: sequence and payload bytes. */
  readonly removed = new Map<number, number>();
  /** Rows that stay for fewer routes, by their sequence. */
  readonly kept = new Map<number, KeptRow>();

  get isEmpty(): boolean {
    return this.removed.size === 0 && this.kept.size === 0;
  }

  remove({ seq, payloadBytes }: SpooledEvent): void {
    this.removed.set(seq, payloadBytes);
    this.kept.delete(seq);
  }

  keep(event: SpooledEvent, routes: readonly Address[]): void {
    this.kept.set(event.seq, { event, routes });
  }

  /** Whether no row of a file is left that is not to go: its sums alone are not worth events. */
  removeAllOf(file: Pick<SpoolFile, "read">): boolean {
    return file.read({ afterSeq: 0, limit: this.removed.size + 1 }).every(({ seq }) => this.removed.has(seq));
  }

  clear(): void {
    this.removed.clear();
    this.kept.clear();
  }
}
