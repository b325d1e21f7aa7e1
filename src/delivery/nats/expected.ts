// What the acks of an expected stream are compared with: its name, and its JetStream domain where that is known. A leaf node
// and its hub may each have a stream of the same name, and both answer.
import { type Ack, isStored, NAME_AT, nameInAck } from "./ack.ts";

/** The stream that is to answer. */
export interface ExpectedStream {
  readonly name: string;
  /** Its JetStream domain; null where that is not known: then an ack of any domain counts. */
  readonly domain: string | null;
  /** How its acks begin, from the name on; null while none is known to be of its domain, and each is read as a whole. */
  readonly inAck: Uint8Array | null;
}

/** An expected stream while more becomes known of it. */
export interface KnownStream extends ExpectedStream {
  domain: string | null;
  inAck: Uint8Array | null;
}

/** A stream that answers in another one's place. */
export interface OtherStream {
  readonly stream: string;
  readonly domain: string | null;
}

/** Behind the name and the domain; with its colon, so that no name looks like it. */
const SEQUENCE = '"seq":';
const decoder = new TextDecoder();

/** A stream of which the name alone is known. */
export function expectStream(name: string): KnownStream {
  return { name, domain: null, inAck: nameInAck(name) };
}

/** Takes the domain that a look-up has told. */
export function expectDomain(known: KnownStream, domain: string | null): void {
  if (domain === known.domain) return;
  known.domain = domain;
  known.inAck = domain === null ? nameInAck(known.name) : null;
}

/** The stream that has answered, where it is not the expected one; nats-server names no domain in a refusal. */
export function otherThan(expected: ExpectedStream, { stream, domain, is }: Ack): OtherStream | null {
  if (stream === null) return null;
  if (stream !== expected.name) return { stream, domain };
  if (expected.domain === null || domain === expected.domain) return null;
  return domain === null && is !== "stored" ? null : { stream, domain };
}

/**
 * Learns from the ack of a stored message, found to be the expected stream's, how all of them begin: servers differ in
 * blanks. Learns nothing where the domain does not stand before the sequence.
 */
export function learnAck(known: KnownStream, bytes: Uint8Array): void {
  if (known.inAck !== null || !isStored(bytes, 0)) return;
  const text = decoder.decode(bytes);
  const end = text.indexOf(SEQUENCE) + SEQUENCE.length;
  const start = text.slice(0, end);
  if (domainIn(`${start}0}`) === known.domain) known.inAck = new TextEncoder().encode(start).slice(NAME_AT);
}

function domainIn(text: string): unknown {
  try {
    return Object(JSON.parse(text)).domain;
  } catch {
    return undefined;
  }
}

/** A stream in words, with its domain where the name alone would not tell it from the expected one. */
export function describeOther({ stream, domain }: OtherStream, expectedName: string): string {
  if (stream !== expectedName) return `"${stream}"`;
  return domain === null
    ? `"${stream}" in no JetStream domain`
    : `"${stream}" in JetStream domain "${domain}"`;
}
