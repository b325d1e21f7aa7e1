// Messages that another stream has answered than the one that is to have them. Either it took the subject, or both have it;
// so the expected stream is waited for a little longer, and its answer is the one that counts.
import type { OtherStream } from "./expected.ts";

/** How long its answer may come after the other one's. */
export const GRACE_MS = 500;

/** By number, the stream that answered. Nothing is kept of a message that has its verdict. */
export class AstrayMessages {
  readonly #others = new Map<number, OtherStream>();

  add(number: number, stream: OtherStream): void {
    this.#others.set(number, stream);
  }

  /** Forgets a message; the stream that answered it first, where that was another one. */
  take(number: number): OtherStream | undefined {
    // On a hot path, and nearly always empty.
    if (this.#others.size === 0) return undefined;
    const other = this.#others.get(number);
    this.#others.delete(number);
    return other;
  }
}
