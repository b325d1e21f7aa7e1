// Where an event goes: one subject per destination and type. Tokens come from configuration only.

/** One destination's share of an event: its id, and the NATS subject its message is published to. */
export interface Route {
  readonly destinationId: string;
  readonly subject: string;
}

/** A token of a subject that configuration may name: no dot, no wildcard, no leading underscore. */
export const SUBJECT_TOKEN = /^[A-Za-z0-9-][A-Za-z0-9_-]*$/;

/** The subject of a destination's events of one type: `<prefix>.<destinationId>.<type>`. */
export function eventSubject(prefix: string, destinationId: string, type: string): string {
  return `${prefix}.${destinationId}.${type}`;
}

/** The subject of a source's refused requests: `<prefix>._rejected.<sourceId>`. */
export function rejectedSubject(prefix: string, sourceId: string): string {
  return `${prefix}._rejected.${sourceId}`;
}
