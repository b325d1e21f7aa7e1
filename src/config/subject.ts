// Where an event goes: one subject per destination and type. Tokens come from configuration only.

/** One destination's share of an event: its id, and the NATS subject its message is published to. */
export interface Route {
  readonly destinationId: string;
  readonly subject: string;
}

const TOKEN = "[A-Za-z0-9-][A-Za-z0-9_-]*";

/** A token of a subject that configuration may name: no dot, no wildcard, no leading underscore. */
export const SUBJECT_TOKEN = new RegExp(`^${TOKEN}$`);

/** What every subject may begin with: one such token or several. */
export const SUBJECT_PREFIX = new RegExp(`^${TOKEN}(\\.${TOKEN})*$`);

/** The subject of a destination's events of one type: `<prefix>.<destinationId>.<type>`. */
export function eventSubject(prefix: string, destinationId: string, type: string): string {
  return `${prefix}.${destinationId}.${type}`;
}

/** The subject of a source's rejected requests: `<prefix>._rejected.<sourceId>`. */
export function rejectedSubject(prefix: string, sourceId: string): string {
  return `${prefix}._rejected.${sourceId}`;
}
