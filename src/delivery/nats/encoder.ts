// NATS publish commands as bytes, many in one buffer. Knows the protocol's grammar and nothing of connections.
import type { Address } from "../../config/subject.ts";
import type { Payload } from "../../pixel/payload.ts";
import { idInHeader, type Outgoing } from "../outgoing.ts";

/** Bytes of one buffer: more than one write has, so that it is written anew from its start each time the socket has taken all. */
const CHUNK_BYTES = 128 * 1024;
const HEADER_START = "NATS/1.0\r\nNats-Msg-Id: ";
const HEADER_END = "\r\n\r\n";
/** Length of a message's header block around the id: its start, and the two line ends after it. */
export const HEADER_BYTES = HEADER_START.length + HEADER_END.length;
/** The most bytes of a message, header and payload: a little over the 8 MiB that NATS advises for `max_payload`. */
export const MAX_MESSAGE_BYTES = 9_000_000;

const ZERO = 48;
const SPACE = 32;
const CR = 13;
const LF = 10;
/** No whole number has more digits. */
const DIGITS = 16;
/** Up to it a number is divided as an integer, four times as fast as any other. */
const MAX_INTEGER = 2 ** 31 - 1;
const MIDDLE = Buffer.from(`\r\n${HEADER_START}`);
/** Of a message, what is neither constant, nor id, nor payload: three numbers, a blank before two of them, and the last line end. */
const REST_BYTES = 3 * DIGITS + 2 + 2;
/** More than a layout has subjects; beyond it all are made anew. */
const MAX_CONSTANTS = 50_000;

/** A way onto the wire. Subjects are printable ASCII. */
export interface PublishPath {
  /** Publishes an event's copy under its message id; the ack comes to `<inbox><number>`. */
  publish(event: Pick<Outgoing, "id" | "payload">, address: Address, number: number): void;
  /** Publishes and asks for no ack; the payload is read before this returns. */
  publishNoAck(subject: string, payload: Payload): void;
  /** Hands over what has been published since the last time. */
  flush(): void;
}

/** Writes bytes; `onWritten` is called when they have been read, later than this returns, or never. */
export type Send = (bytes: Uint8Array, onWritten: () => void) => void;

/** What all messages to one address have in common. */
interface Constant {
  readonly destinationId: string;
  /** From the verb to the inbox; the message's number follows. */
  readonly start: Uint8Array;
  /** What follows the event's id: the destination's, and the end of the header. */
  readonly end: Uint8Array;
}

/**
 * Collects publishes and hands them over as few buffers, where the client's own `publish` makes three copies and several
 * objects a message. Of a command all but numbers and id are bytes that are copied: 0.27 µs a message with 900 bytes of payload,
 * 0.22 for further copies of an event, where a text that is made for each and written cost 0.56.
 */
export class PublishEncoder implements PublishPath {
  readonly #inbox: string;
  readonly #send: Send;
  readonly #constants = new Map<string, Constant>();
  #chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  #start = 0;
  #end = 0;
  /** Writes of the present buffer that the socket has not taken yet. */
  #unwritten = 0;
  /** The last event's id, as it stands in a header, and where in the buffer it does: the copies of an event follow each other. */
  #id = "";
  #idInHeader = "";
  #idAt = -1;

  /** `inbox` ends with a dot. */
  constructor(inbox: string, send: Send) {
    this.#inbox = inbox;
    this.#send = send;
  }

  publish({ id, payload }: Pick<Outgoing, "id" | "payload">, address: Address, number: number): void {
    const { start, end } = this.#constantOf(address);
    if (id !== this.#id) {
      this.#idInHeader = idInHeader(id);
      this.#id = id;
      this.#idAt = -1;
    }
    const token = this.#idInHeader;
    const headerBytes = HEADER_START.length + token.length + end.length;
    this.#makeRoom(start.length + MIDDLE.length + headerBytes + payload.length + REST_BYTES);
    const chunk = this.#chunk;
    let at = this.#end;
    chunk.set(start, at);
    at = writeNumber(chunk, at + start.length, number);
    chunk[at] = SPACE;
    at = writeNumber(chunk, at + 1, headerBytes);
    chunk[at] = SPACE;
    at = writeNumber(chunk, at + 1, headerBytes + payload.length);
    chunk.set(MIDDLE, at);
    at += MIDDLE.length;
    if (this.#idAt < 0) writeAscii(chunk, at, token);
    else chunk.copyWithin(at, this.#idAt, this.#idAt + token.length);
    this.#idAt = at;
    at += token.length;
    chunk.set(end, at);
    this.#finish(payload, at + end.length);
  }

  publishNoAck(subject: string, payload: Payload): void {
    const command = `PUB ${subject} ${payload.length}\r\n`;
    this.#makeRoom(command.length + payload.length + 2);
    this.#finish(payload, this.#end + this.#chunk.write(command, this.#end, "latin1"));
  }

  flush(): void {
    if (this.#end === this.#start) return;
    const chunk = this.#chunk;
    const bytes = chunk.subarray(this.#start, this.#end);
    this.#start = this.#end;
    this.#unwritten++;
    this.#send(bytes, () => this.#onWritten(chunk));
  }

  /** Memory that is in a core's cache is cheaper to write to than what nobody had before. */
  #onWritten(chunk: Buffer<ArrayBuffer>): void {
    if (chunk !== this.#chunk) return;
    this.#unwritten--;
    if (this.#unwritten > 0 || this.#start !== this.#end) return;
    // A larger one was for one message.
    this.#begin(chunk.length > CHUNK_BYTES ? Buffer.allocUnsafeSlow(CHUNK_BYTES) : chunk);
  }

  #begin(chunk: Buffer<ArrayBuffer>): void {
    this.#chunk = chunk;
    this.#start = 0;
    this.#end = 0;
    this.#unwritten = 0;
    this.#idAt = -1;
  }

  #constantOf({ subject, destinationId }: Address): Constant {
    const known = this.#constants.get(subject);
    if (known !== undefined && known.destinationId === destinationId) return known;
    if (this.#constants.size >= MAX_CONSTANTS) this.#constants.clear();
    const constant = {
      destinationId,
      start: Buffer.from(`HPUB ${subject} ${this.#inbox}`),
      end: Buffer.from(`.${destinationId}${HEADER_END}`),
    };
    this.#constants.set(subject, constant);
    return constant;
  }

  #makeRoom(bytes: number): void {
    if (this.#chunk.length - this.#end >= bytes) return;
    this.flush();
    this.#begin(Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, bytes)));
  }

  #finish(payload: Payload, at: number): void {
    const chunk = this.#chunk;
    chunk.set(payload, at);
    const end = at + payload.length;
    chunk[end] = CR;
    chunk[end + 1] = LF;
    this.#end = end + 2;
  }
}

/** Writes printable ASCII, and gives the offset behind it: for an id three times as fast as `Buffer.write`. */
function writeAscii(bytes: Uint8Array, at: number, text: string): number {
  for (let index = 0; index < text.length; index++) bytes[at + index] = text.charCodeAt(index);
  return at + text.length;
}

/** Writes a whole number, and gives the offset behind it. */
function writeNumber(bytes: Uint8Array, at: number, value: number): number {
  if (value > MAX_INTEGER) return writeAscii(bytes, at, String(value));
  let end = at + 1;
  for (let limit = 10; limit <= value; limit *= 10) end++;
  let rest = value;
  for (let digit = end - 1; digit >= at; digit--) {
    const tens = (rest / 10) | 0;
    bytes[digit] = ZERO + rest - 10 * tens;
    rest = tens;
  }
  return end;
}
