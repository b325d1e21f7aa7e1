// What is thrown when a NATS server cannot be used.

/** A server that cannot be used; the message is a reason for a person, and holds no credential. */
export class NatsError extends Error {
  override readonly name = "NatsError";
}
