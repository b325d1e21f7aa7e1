// What is to become of rows with the next transaction: some are done and go, some stay for fewer routes.
import type { Route } from "../../config/subject.ts";
import type { SpooledEvent } from "./file.ts";

/** The changes that wait; a row that is to go is never read again. */
export class RowChanges {
  /** Rows to delete: sequence and payload bytes. */
  readonly removed = new Map<number, number>();
  /** Rows that stay, for these routes. */
  readonly kept = new Map<number, readonly Route[]>();

  get isEmpty(): boolean {
    return this.removed.size === 0 && this.kept.size === 0;
  }

  remove({ seq, payloadBytes }: SpooledEvent): void {
    this.removed.set(seq, payloadBytes);
    this.kept.delete(seq);
  }

  keep({ seq }: SpooledEvent, routes: readonly Route[]): void {
    this.kept.set(seq, routes);
  }

  clear(): void {
    this.removed.clear();
    this.kept.clear();
  }
}
