// The URL at hand, as text and as bytes, and where the values of its query stand.
import { decode } from "../percent.ts";
import { MOST_KEYS } from "./keys.ts";

/** Characters of a URL at most: a longer one is rare, and its event might need much room. */
export const LONGEST_URL = 8192;

/** Bytes behind the URL that may be looked at, none of them a part of it. */
const ROOM = 8;

/** One for all URLs: what it says holds until the next one is loaded. */
export class Text {
  url = "";
  /** Where the query begins and ends. */
  start = 0;
  length = 0;
  /** Of each parameter, where its value begins and ends. */
  readonly starts = new Int32Array(MOST_KEYS);
  readonly ends = new Int32Array(MOST_KEYS);
  readonly bytes: Buffer = Buffer.alloc(LONGEST_URL + ROOM);
  readonly view: DataView = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length);

  /** Takes up a URL; false where it is too long, not ASCII, or without a query that ends it. */
  load(url: string): boolean {
    const { length } = url;
    this.url = "";
    if (length > LONGEST_URL) return false;
    const mark = url.indexOf("?");
    if (mark < 0 || url.includes("#")) return false;
    // 0.07 µs a kilobyte. What is not ASCII takes more bytes than it has characters.
    if (this.bytes.write(url) !== length) return false;
    // No key and no escape goes on in what stands there from a longer one.
    this.bytes[length] = 0;
    this.url = url;
    this.start = mark + 1;
    this.length = length;
    return true;
  }
}

/** A parameter's value, decoded. */
export function textAt({ url, starts, ends }: Text, parameter: number): string {
  return decode(url.slice(starts[parameter], ends[parameter]));
}
