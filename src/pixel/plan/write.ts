// Writes an event by its plan: piece, slot, piece, slot.
import { decode } from "../percent.ts";
import { MOST_BYTES, writePiece, writeText, writeValue } from "./bytes.ts";
import { type Plan, SLOT } from "./plan.ts";

/** What a plan is filled in with. */
export interface Filling {
  /** The text that the query stands in; where each value begins and ends there. */
  readonly url: string;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** The same as bytes, and a zero behind them. */
  readonly bytes: Uint8Array;
  /** By `TEXT`. */
  readonly texts: readonly string[];
  /** The anonymousId is its parameter as it stands, and no text. */
  readonly isIdAsGiven: boolean;
  /** A JSON array. */
  readonly flags: string;
}

const UNKNOWN_PAGE = new TextEncoder().encode("Unknown Page");

/** Bytes that an event has at most. */
export function mostBytes(plan: Plan, { url, texts, flags }: Filling): number {
  let letters = url.length * plan.repeats;
  for (const text of texts) letters += text.length;
  return plan.bytes + MOST_BYTES * letters + flags.length;
}

/** Writes an event to `to` from `at` on, and returns where it ends. */
export function writeEvent(to: Buffer, at: number, plan: Plan, filling: Filling): number {
  const { starts, texts } = filling;
  const { slots } = plan;
  let place = at;
  for (let i = 0; i < slots.length; i++) {
    const slot = slots[i] as (typeof slots)[number];
    place = writePiece(to, place, slot.before);
    const text = texts[slot.text] as string;
    switch (slot.kind) {
      case SLOT.value:
        place = writeParameter(to, place, slot.parameter, filling);
        break;
      case SLOT.anonymousId:
        place = filling.isIdAsGiven
          ? writeParameter(to, place, slot.parameter, filling)
          : writeText(to, place, text);
        break;
      case SLOT.name:
        place =
          starts[slot.parameter] === filling.ends[slot.parameter]
            ? writePiece(to, place, UNKNOWN_PAGE)
            : writeParameter(to, place, slot.parameter, filling);
        break;
      case SLOT.text:
        place = writeText(to, place, text);
        break;
      case SLOT.instant:
        place = writeInstantText(to, place, text);
        break;
      case SLOT.flags:
        place += to.write(filling.flags, place);
        break;
      default:
        place += to.write(text, place);
    }
  }
  return writePiece(to, place, plan.end);
}

function writeParameter(
  to: Buffer,
  at: number,
  parameter: number,
  { url, bytes, starts, ends }: Filling,
): number {
  const start = starts[parameter] as number;
  const end = ends[parameter] as number;
  const written = writeValue(to, at, bytes, start, end);
  return written < 0 ? writeText(to, at, decode(url.slice(start, end))) : written;
}

let lastInstant = "";
let lastBytes = new Uint8Array(0);
const encoder = new TextEncoder();

/** The last one is kept: three or four of an event's timestamps are the same, and those of many events. */
function writeInstantText(to: Uint8Array, at: number, text: string): number {
  if (text !== lastInstant) {
    lastInstant = text;
    lastBytes = encoder.encode(text);
  }
  return writePiece(to, at, lastBytes);
}
