// Cuts the JSON of an event whose texts are markers into the pieces of a plan. Knows no field.
import { isObject } from "../fields.ts";
import type { QueryObject, QueryValue } from "../query.ts";
import { type Plan, packPlan, SLOT, type Slot, TEXT } from "./plan.ts";

/** What is written in place of a marker. */
export type Place = Omit<Slot, "before">;

const FLAGS: Place = { kind: SLOT.flags, parameter: -1, text: TEXT.none };

/**
 * The plan of an event: its JSON ends a piece at each text that is a marker, and at the array of flags. Texts are compared
 * as values, so that no key, which strangers write, is ever taken for one. Null should the JSON not be JSON.stringify's.
 */
export function cut(
  event: QueryObject,
  places: ReadonlyMap<string, Place>,
  flags: readonly string[],
): Plan | null {
  const cutter = new Cutter(places, flags);
  cutter.write(event);
  return cutter.end(JSON.stringify(event));
}

class Cutter {
  readonly #places: ReadonlyMap<string, Place>;
  readonly #flags: readonly string[];
  readonly #slots: Slot[] = [];
  /** All that was written, markers too, and what was since the last of these. */
  #whole = "";
  #piece = "";

  constructor(places: ReadonlyMap<string, Place>, flags: readonly string[]) {
    this.#places = places;
    this.#flags = flags;
  }

  write(value: QueryValue | undefined): void {
    if (Object.is(value, this.#flags)) this.#endPiece(FLAGS, JSON.stringify(value));
    else if (Array.isArray(value)) this.#writeArray(value);
    else if (isObject(value)) this.#writeObject(value);
    else if (typeof value === "string") this.#writeText(value);
    else this.#piece += JSON.stringify(value);
  }

  end(expected: string): Plan | null {
    const end = this.#takePiece();
    return this.#whole === expected ? packPlan(this.#slots, end) : null;
  }

  #writeText(text: string): void {
    const written = JSON.stringify(text);
    const place = this.#places.get(text);
    if (place === undefined) {
      this.#piece += written;
      return;
    }
    this.#piece += '"';
    this.#endPiece(place, written.slice(1, -1));
    this.#piece += '"';
  }

  #writeArray(items: readonly QueryValue[]): void {
    this.#piece += "[";
    for (const [i, item] of items.entries()) {
      if (i > 0) this.#piece += ",";
      this.write(item);
    }
    this.#piece += "]";
  }

  #writeObject(object: QueryObject): void {
    this.#piece += "{";
    let count = 0;
    for (const [key, value] of Object.entries(object)) {
      // A field that is hidden.
      if (value === undefined) continue;
      if (count++ > 0) this.#piece += ",";
      this.#piece += `${JSON.stringify(key)}:`;
      this.write(value);
    }
    this.#piece += "}";
  }

  #endPiece(place: Place, marker: string): void {
    this.#slots.push({ before: this.#takePiece(), ...place });
    this.#whole += marker;
  }

  #takePiece(): string {
    const piece = this.#piece;
    this.#whole += piece;
    this.#piece = "";
    return piece;
  }
}
