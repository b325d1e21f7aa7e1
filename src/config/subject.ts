// Where an event goes: one subject per destination and type, and one per partition. Tokens come from configuration only.

/** One destination's share of an event: its id, and the NATS subject its message is published to. */
export interface Address {
  readonly destinationId: string;
  readonly subject: string;
}

/** An address, and the stream that must take it. */
export interface Route extends Address {
  /** The name of the stream whose ack is believed, and no other's. */
  readonly stream: string;
}

const TOKEN = "[A-Za-z0-9-][A-Za-z0-9_-]*";

/** A token of a subject that configuration may name: no dot, no wildcard, no leading underscore. */
export const SUBJECT_TOKEN = new RegExp(`^${TOKEN}$`);

/** What every subject may begin with: one such token or several. */
export const SUBJECT_PREFIX = new RegExp(`^${TOKEN}(\\.${TOKEN})*$`);

/** The name of a stream. */
export const STREAM_NAME = /^[A-Za-z0-9_-]+$/;

/**
 * The subject of a destination's events of one type: `<prefix>.<destinationId>.<type>`, and `.<partition>` behind it
 * where the destination has partitions.
 */
export function eventSubject(
  prefix: string,
  destinationId: string,
  type: string,
  partition: number | null = null,
): string {
  const subject = `${prefix}.${destinationId}.${type}`;
  return partition === null ? subject : `${subject}.${partition}`;
}

/** The subject of a source's rejected requests: `<prefix>._rejected.<sourceId>`. */
export function rejectedSubject(prefix: string, sourceId: string): string {
  return `${prefix}._rejected.${sourceId}`;
}
