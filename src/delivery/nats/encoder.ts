// NATS publish commands as bytes, many in one buffer. Knows the protocol's grammar and nothing of connections.
import type { Payload } from "../../pixel/payload.ts";

/** Bytes of one buffer; it is cut into the writes of many event-loop turns and never reused. */
const CHUNK_BYTES = 128 * 1024;
const HEADER_START = "NATS/1.0\r\nNats-Msg-Id: ";
/** Length of a message's header block around the id: its start, and the two line ends after it. */
export const HEADER_BYTES = HEADER_START.length + 4;
/** The most bytes of a message, header and payload: a little over the 8 MiB that NATS advises for `max_payload`. */
export const MAX_MESSAGE_BYTES = 9_000_000;

const CR = 13;
const LF = 10;

/** A way onto the wire. Subject, reply and id are printable ASCII. */
export interface PublishPath {
  /** Publishes with a message id, and a reply subject for the ack. */
  publish(subject: string, reply: string, messageId: string, payload: Payload): void;
  /** Publishes and asks for no ack. */
  publishNoAck(subject: string, payload: Payload): void;
  /** Hands over what has been published since the last time. */
  flush(): void;
}

/**
 * Collects publishes and hands them over as few buffers. With 900-byte payloads this costs 3.7 µs a message,
 * ack included, where the client's own `publish` costs 5.3 to 6.5: one copy instead of three, no object a message.
 */
export class PublishEncoder implements PublishPath {
  readonly #send: (bytes: Uint8Array) => void;
  #chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  #start = 0;
  #end = 0;

  constructor(send: (bytes: Uint8Array) => void) {
    this.#send = send;
  }

  publish(subject: string, reply: string, messageId: string, payload: Payload): void {
    const headerBytes = HEADER_BYTES + messageId.length;
    const command = `HPUB ${subject} ${reply} ${headerBytes} ${headerBytes + payload.length}\r\n`;
    this.#add(`${command}${HEADER_START}${messageId}\r\n\r\n`, payload);
  }

  publishNoAck(subject: string, payload: Payload): void {
    this.#add(`PUB ${subject} ${payload.length}\r\n`, payload);
  }

  flush(): void {
    if (this.#end === this.#start) return;
    this.#send(this.#chunk.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }

  #add(head: string, payload: Payload): void {
    const room = head.length + payload.length + 2;
    if (this.#chunk.length - this.#end < room) {
      this.flush();
      this.#chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, room));
      this.#start = 0;
      this.#end = 0;
    }
    const chunk = this.#chunk;
    let end = this.#end + chunk.write(head, this.#end, "latin1");
    chunk.set(payload, end);
    end += payload.length;
    chunk[end++] = CR;
    chunk[end++] = LF;
    this.#end = end;
  }
}
