// The way onto the wire of one connection: past the client's inside where that looks as expected, and otherwise by what
// the client promises to everybody.
import { headers, type NatsConnection } from "nats";
import type { Address } from "../../config/subject.ts";
import type { Payload } from "../../pixel/payload.ts";
import { messageId, type Outgoing } from "../outgoing.ts";
import { PublishEncoder, type PublishPath } from "./encoder.ts";
import { openFastPath, type TakeStored } from "./fastpath.ts";

/** Opens the fast path of a connection; null when there is none. */
export type OpenFastPath = typeof openFastPath;

/**
 * Opens the way for publishes whose replies come to `<inbox><number>`. `takeStored` may be told of stored
 * messages; the acks that it is not told of, or does not take, come to the inbox's subscription. `onSlow` is called when the client's
 * inside has another shape than expected.
 */
export function openPath(
  connection: NatsConnection,
  inbox: string,
  takeStored: TakeStored,
  onSlow: () => void,
  open: OpenFastPath = openFastPath,
): PublishPath {
  const fast = open(connection);
  if (fast === null) {
    onSlow();
    return new PublicPath(connection, inbox);
  }
  fast.readStoredAcks(inbox, takeStored);
  return new PublishEncoder(inbox, fast.send);
}

/** Slower than the fast path, 5.3 to 6.5 µs a message against 3.7, and right whatever the client's inside looks like. */
class PublicPath implements PublishPath {
  readonly #connection: NatsConnection;
  readonly #inbox: string;

  constructor(connection: NatsConnection, inbox: string) {
    this.#connection = connection;
    this.#inbox = inbox;
  }

  publish(event: Pick<Outgoing, "id" | "payload">, address: Address, number: number): void {
    const own = headers();
    own.set("Nats-Msg-Id", messageId(event, address));
    const options = { reply: this.#inbox + number, headers: own };
    this.#try(() => this.#connection.publish(address.subject, event.payload, options));
  }

  publishNoAck(subject: string, payload: Payload): void {
    // The client reads it when it flushes, and the payload may be gone by then.
    this.#try(() => this.#connection.publish(subject, payload.slice()));
  }

  /** The client flushes by itself. */
  flush(): void {}

  #try(publish: () => void): void {
    try {
      publish();
    } catch {
      // It has just been closed: whoever waits for an ack hears that the connection is lost.
    }
  }
}
