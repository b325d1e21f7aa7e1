// An event's bytes: where they are written, one event behind the other, and how a text becomes them and is read again.

/** An event as JSON, UTF-8. A view of a larger buffer that nobody writes again. */
export type Payload = Uint8Array;

/** Bytes of one buffer: some 250 page views. */
const CHUNK_BYTES = 256 * 1024;
/** A UTF-16 unit is at most three bytes of UTF-8. */
const UNIT_BYTES = 3;
/** Longer texts are measured first, so that room for their longest form is not taken. */
const LONG = 8192;
const decoder = new TextDecoder();

/**
 * Buffers that payloads are written to. None is ever used again, so that a payload stays what it is however long it waits; a
 * buffer is garbage with the last of its payloads. A payload costs 0.05 µs beside its bytes, in a buffer of its own 0.2.
 */
export class PayloadArena {
  #chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  #start = 0;

  /** The buffer to write to; another one after each `reserve`. */
  get chunk(): Buffer {
    return this.#chunk;
  }

  /** Sees to it that `chunk` has room for so many bytes, and gives the offset at which they begin. */
  reserve(bytes: number): number {
    if (this.#chunk.length - this.#start < bytes) {
      this.#chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, bytes));
      this.#start = 0;
    }
    return this.#start;
  }

  /** Ends the payload that was begun where `reserve` has said, before the offset `end`. */
  take(end: number): Payload {
    const { buffer, byteOffset } = this.#chunk;
    const payload = new Uint8Array(buffer, byteOffset + this.#start, end - this.#start);
    this.#start = end;
    return payload;
  }
}

/** The arena of this process. */
export const arena = new PayloadArena();

/** A text, an event as JSON, as a payload. */
export function encodePayload(json: string): Payload {
  const { length } = json;
  const start = arena.reserve(length > LONG ? Buffer.byteLength(json) : length * UNIT_BYTES);
  return arena.take(start + arena.chunk.write(json, start, "utf8"));
}

/** A payload as text, for whoever reads it. */
export function decodePayload(payload: Payload): string {
  return decoder.decode(payload);
}
