// What look-ups tell of the terms of a stream: how large its messages may be, and which JetStream domain its acks name.
import type { ReadyStream } from "./stream.ts";

/** The terms of one stream. */
export interface StreamTerms {
  /** The most bytes of a message, headers and payload, that it takes; null where none are known. */
  readonly maxMsgBytes: number | null;
  /** Null where it has none, or none is known. */
  readonly domain: string | null;
}

/** Keeps a stream's terms, and tells of them when they change. */
export class Terms {
  readonly #onTerms: (terms: StreamTerms) => void;
  #known: StreamTerms = { maxMsgBytes: null, domain: null };

  constructor(onTerms: (terms: StreamTerms) => void) {
    this.#onTerms = onTerms;
  }

  /** Begins anew: the next look may ask another JetStream. */
  forget(): void {
    this.#use({ maxMsgBytes: null, domain: null });
  }

  /**
   * Takes the last look; null where it has found no stream. One that is gone, or was made just now, is where it was
   * before: the answer to its creation names no domain.
   */
  take(found: ReadyStream | null): void {
    const bytes = found?.info.config.max_msg_size ?? 0;
    const domain = found === null || found.isNew ? this.#known.domain : found.domain;
    this.#use({ maxMsgBytes: bytes > 0 ? bytes : null, domain });
  }

  #use(next: StreamTerms): void {
    const { maxMsgBytes, domain } = this.#known;
    if (next.maxMsgBytes === maxMsgBytes && next.domain === domain) return;
    this.#known = next;
    this.#onTerms(next);
  }
}
