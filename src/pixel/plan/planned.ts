// A query whose shape is known: what it says, and the event it becomes. What is unusual about it is left to the reference.
import { truncateAddress } from "../address.ts";
import { asksForPrivacy, chooseMessageId, findDrop, type SourcePolicy } from "../build.ts";
import type { RequestFacts } from "../facts.ts";
import { isBlank } from "../fields.ts";
import { fillIdentity, type NewId, stripQuotes, visitorOf } from "../identity.ts";
import { arena, type Payload } from "../payload.ts";
import type { QueryObject, QueryValue } from "../query.ts";
import { Rejection } from "../rejection.ts";
import type { EventType } from "../schema.ts";
import { fillTimestamps } from "../skew.ts";
import { writeNow } from "../timestamp.ts";
import { ADDRESS_BITS, CONDITION, ORIGIN_BITS } from "./conditions.ts";
import { type Layout, NO_LAYOUT } from "./layout.ts";
import { TEXT, TEXTS } from "./plan.ts";
import type { KeptPlan, Shape } from "./shape.ts";
import { Text, textAt } from "./text.ts";
import { type Filling, mostBytes, writeEvent } from "./write.ts";

/** An event as written, and what is asked of it beside its bytes. */
export interface WrittenEvent {
  readonly payload: Payload;
  readonly messageId: string;
  readonly setCookie: string | null;
  /** Whose event it is, as `visitorOf` tells. */
  visitor(): string;
}

/** No conditions: what the query says is unusual, and the reference takes it. */
export const ODD = -1;

/** One for all queries: what it says holds until the next one is read into it. */
export class PlannedQuery implements Filling, WrittenEvent {
  readonly query = new Text();
  payload: Payload = new Uint8Array(0);
  messageId = "";
  setCookie: string | null = null;
  /** Events that were written. */
  written = 0;
  readonly texts: string[] = new Array<string>(TEXTS).fill("");
  flags = "[]";
  isIdAsGiven = false;
  #layout: Layout = NO_LAYOUT;
  #plans: ReadonlyMap<number, KeptPlan> = new Map();
  #origin: keyof typeof ORIGIN_BITS = "client";

  /** Takes the query that stands in `query` for one of a shape; false where that is of no use. */
  read({ layout, plans }: Shape): boolean {
    if (layout === null) return false;
    this.#layout = layout;
    this.#plans = plans;
    return true;
  }

  /** As `readWriteKey` gives it. */
  writeKey(): string | null {
    const writeKey = this.#textOf(this.#layout.writeKey).trim();
    return writeKey === "" ? null : writeKey;
  }

  /** As `visitorOf` gives it for the event that was written last. */
  visitor(): string {
    const { anonymousId, userId } = this.#layout;
    const id = this.isIdAsGiven ? this.#textOf(anonymousId) : this.texts[TEXT.anonymousId];
    return visitorOf({ anonymousId: id, userId: this.#textOf(userId) });
  }

  /** Reads what decides about the event's structure, and gives its conditions; `ODD` for an event that is the reference's. */
  conditionsOf(type: EventType, source: SourcePolicy, facts: RequestFacts): number {
    const { flags } = facts;
    if (findDrop(flags, source) !== null) return ODD;
    const isTrack = type === "track";
    if (isTrack && this.#isEmpty(this.#layout.event)) return ODD;
    const isPrivate = flags.length > 0 && asksForPrivacy(flags);
    if (!this.#readIdentity(source, isPrivate)) return ODD;

    const { texts } = this;
    const { userAgent, locale, referer } = facts;
    texts[TEXT.userAgent] = userAgent ?? "";
    texts[TEXT.locale] = locale ?? "";
    texts[TEXT.referer] = referer ?? "";
    texts[TEXT.sourceId] = source.id;
    let seen = source.ip === "drop" ? null : facts.address;
    texts[TEXT.ip] = "";
    if (source.ip === "truncate") {
      if (seen !== null) seen = truncateAddress(seen);
      if (!this.#truncateGiven()) return ODD;
    }
    texts[TEXT.address] = seen ?? "";
    this.flags = flags.length === 0 ? "[]" : JSON.stringify(flags);

    let conditions = ORIGIN_BITS[this.#origin] | ADDRESS_BITS[source.ip];
    if (isTrack) conditions |= CONDITION.track;
    if (userAgent !== null) conditions |= CONDITION.userAgent;
    if (locale !== null) conditions |= CONDITION.locale;
    if (referer !== null) conditions |= CONDITION.referer;
    if (seen !== null) conditions |= CONDITION.address;
    if (isPrivate && source.privacySignals === "anonymise") conditions |= CONDITION.anonymised;
    return conditions;
  }

  /** Writes the query's event; null where the reference has to. Ids are taken in the order in which the reference takes them. */
  write(
    type: EventType,
    source: SourcePolicy,
    facts: RequestFacts,
    nowMs: number,
    newId: NewId,
  ): WrittenEvent | null {
    const conditions = this.conditionsOf(type, source, facts);
    const kept = this.#plans.get(conditions);
    if (kept === undefined || kept.plan === null) return null;
    kept.isUsed = true;
    this.setCookie = null;
    if (this.#origin !== "client") this.#assignIdentity(source, facts, newId);
    this.#readInstants(nowMs);
    this.#readMessageId(newId);
    if ((conditions & CONDITION.anonymised) !== 0) this.#anonymise(newId);
    const start = arena.reserve(mostBytes(kept.plan, this));
    this.payload = arena.take(writeEvent(arena.chunk, start, kept.plan, this));
    this.written++;
    return this;
  }

  /** Finds out where the identity comes from; false where the source wants one from the client. */
  #readIdentity(source: SourcePolicy, isPrivate: boolean): boolean {
    const { anonymousId, userId } = this.#layout;
    this.#origin = "client";
    // A letter or a digit: the id is not blank, and stands in no quotes.
    this.isIdAsGiven = anonymousId >= 0 && isLetterOrDigit(this.#first(anonymousId));
    if (this.isIdAsGiven) return true;
    const id = stripQuotes(this.#textOf(anonymousId));
    this.texts[TEXT.anonymousId] = id;
    if (!isBlank(id) || !isBlank(this.#textOf(userId))) return true;
    this.#origin = source.anonymousId === "cookie" && !isPrivate ? "cookie" : "assigned";
    return source.anonymousId !== "reject";
  }

  #assignIdentity(source: SourcePolicy, { cookie, flags }: RequestFacts, newId: NewId): void {
    const query: QueryObject = {};
    const identity = fillIdentity(query, source.anonymousId, cookie, asksForPrivacy(flags), newId);
    if (!(identity instanceof Rejection)) this.setCookie = identity.setCookie;
    this.texts[TEXT.anonymousId] = textOf(query.anonymousId);
  }

  #anonymise(newId: NewId): void {
    this.texts[TEXT.anonymousId] = newId();
    this.isIdAsGiven = false;
    this.setCookie = null;
  }

  /** False where the query has an address of its own that cannot be truncated. */
  #truncateGiven(): boolean {
    const { ip } = this.#layout;
    const cut = ip < 0 ? "" : truncateAddress(this.#textOf(ip));
    this.texts[TEXT.ip] = cut ?? "";
    return cut !== null;
  }

  #readInstants(nowMs: number): void {
    const { texts } = this;
    const { originalTimestamp, sentAt, timestamp } = this.#layout;
    const receivedAt = writeNow(nowMs);
    texts[TEXT.receivedAt] = receivedAt;
    texts[TEXT.originalTimestamp] = receivedAt;
    texts[TEXT.sentAt] = receivedAt;
    texts[TEXT.timestamp] = receivedAt;
    if (originalTimestamp < 0 && sentAt < 0 && timestamp < 0) return;
    const query: QueryObject = {};
    if (originalTimestamp >= 0) query.originalTimestamp = this.#textOf(originalTimestamp);
    if (sentAt >= 0) query.sentAt = this.#textOf(sentAt);
    if (timestamp >= 0) query.timestamp = this.#textOf(timestamp);
    fillTimestamps(query, nowMs);
    texts[TEXT.originalTimestamp] = textOf(query.originalTimestamp);
    texts[TEXT.sentAt] = textOf(query.sentAt);
    texts[TEXT.timestamp] = textOf(query.timestamp);
  }

  #readMessageId(newId: NewId): void {
    const { messageId } = this.#layout;
    this.messageId = messageId < 0 ? newId() : chooseMessageId(this.#textOf(messageId), newId);
    this.texts[TEXT.messageId] = this.messageId;
  }

  #isEmpty(parameter: number): boolean {
    return parameter < 0 || this.query.starts[parameter] === this.query.ends[parameter];
  }

  #first(parameter: number): number {
    return this.query.url.charCodeAt(this.query.starts[parameter] as number);
  }

  /** A parameter's value, decoded; empty where it is not given. */
  #textOf(parameter: number): string {
    return parameter < 0 ? "" : textAt(this.query, parameter);
  }
}

function textOf(value: QueryValue | undefined): string {
  return typeof value === "string" ? value : "";
}

function isLetterOrDigit(code: number): boolean {
  const letter = code | 32;
  return (code >= 48 && code <= 57) || (letter >= 97 && letter <= 122);
}
