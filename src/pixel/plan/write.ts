// Writes an event by its plan: piece, slot, piece, slot.
import { MOST_BYTES, writeText, writeValue } from "./bytes.ts";
import { OVERHANG, type Piece, pieceOf, wordsOf, writePiece, writeWords } from "./piece.ts";
import { PACKED, type Plan, SLOT, TEXT } from "./plan.ts";
import { type Text, textAt } from "./text.ts";

/** What a plan is filled in with. */
export interface Filling {
  readonly query: Text;
  /** By `TEXT`. */
  readonly texts: readonly string[];
  /** The anonymousId is its parameter as it stands, and no text. */
  readonly isIdAsGiven: boolean;
  /** A JSON array. */
  readonly flags: string;
}

const UNKNOWN_PAGE = pieceOf("Unknown Page");

/** Bytes that writing an event may need. */
export function mostBytes(plan: Plan, { query, texts, flags }: Filling): number {
  let letters = query.length * plan.repeats;
  for (let i = 0; i < texts.length; i++) letters += (texts[i] as string).length;
  return plan.bytes + MOST_BYTES * letters + flags.length + OVERHANG;
}

/** Writes an event to `to` from `at` on, and returns where it ends. */
export function writeEvent(to: Buffer, at: number, plan: Plan, filling: Filling): number {
  const view = viewOf(to);
  const { query, texts } = filling;
  const { slots, pieces } = plan;
  let place = at;
  let word = 0;
  for (let slot = 0; slot < slots.length; slot += PACKED) {
    const length = slots[slot] as number;
    const count = wordsOf(length);
    writeWords(view, place, pieces, word, count);
    place += length;
    word += count;
    const kind = slots[slot + 1] as number;
    const parameter = slots[slot + 2] as number;
    if (kind === SLOT.value || (kind === SLOT.anonymousId && filling.isIdAsGiven)) {
      place = writeParameter(to, place, parameter, query);
      continue;
    }
    if (kind === SLOT.name) {
      place =
        query.starts[parameter] === query.ends[parameter]
          ? writePiece(view, place, UNKNOWN_PAGE)
          : writeParameter(to, place, parameter, query);
      continue;
    }
    const text = texts[slots[slot + 3] as number] as string;
    if (kind === SLOT.instant) {
      // Most are the time of the request, which many events share.
      if (text === texts[TEXT.receivedAt]) place = writePiece(view, place, nowOf(text));
      else place += to.write(text, place);
    } else if (kind === SLOT.plain) place += to.write(text, place);
    else if (kind === SLOT.flags) place += to.write(filling.flags, place);
    else place = writeText(to, place, text);
  }
  writeWords(view, place, pieces, word, wordsOf(plan.endBytes));
  return place + plan.endBytes;
}

function writeParameter(to: Buffer, at: number, parameter: number, query: Text): number {
  const { bytes, starts, ends } = query;
  const end = writeValue(to, at, bytes, starts[parameter] as number, ends[parameter] as number);
  return end < 0 ? writeText(to, at, textAt(query, parameter)) : end;
}

let lastNow = "";
let lastPiece = pieceOf("");

function nowOf(text: string): Piece {
  if (text !== lastNow) {
    lastNow = text;
    lastPiece = pieceOf(text);
  }
  return lastPiece;
}

let lastBuffer: Buffer | null = null;
let lastView: DataView = new DataView(new ArrayBuffer(0));

function viewOf(buffer: Buffer): DataView {
  if (buffer !== lastBuffer) {
    lastBuffer = buffer;
    lastView = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
  }
  return lastView;
}
