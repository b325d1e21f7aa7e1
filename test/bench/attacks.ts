// What a stranger can send to make plans cost more than they save: shapes that never come again, that come just often
// enough to be compiled, that look like known ones to the end. Knows no plan.
import { twinKey } from "./onehash.ts";
import { pageTargets } from "./urls.ts";

/** A kind of attack: the target of each request, none of which is met twice. */
export interface Attack {
  readonly name: string;
  readonly write: (request: number) => string;
  /** The user agent of each request; that of a browser where it is not said. */
  readonly userAgent?: (request: number) => string;
}

const PAGE = "/pixel/v1/page?writeKey=demo";
const short = (number: number) => number.toString(36);
const usual = (request: number) => pageTargets[request % pageTargets.length] ?? "";
const keys = (count: number, key: (i: number) => string, value = "1") =>
  Array.from({ length: count }, (_, i) => `&${key(i)}=${value}`).join("");

/** A page view with its parameters in another order for each number. */
function shuffled(number: number): string {
  const [path = "", query = ""] = usual(number).split("?");
  const pairs = query.split("&");
  for (let at = pairs.length - 1, state = number; at > 0; at--) {
    const other = state % (at + 1);
    state = Math.imul(state ^ (state >>> 3), 0x9e3779b1) >>> 0;
    [pairs[at], pairs[other]] = [pairs[other] ?? "", pairs[at] ?? ""];
  }
  return `${path}?${pairs.join("&")}`;
}

/** An attack's shapes, each so many times, and whatever stands behind it another value. */
const times = (count: number, write: (shape: number) => string) => (request: number) =>
  `${write(Math.floor(request / count))}&v=${short(request)}`;

const tiny = (shape: number) => `${PAGE}&k${short(shape)}=1`;
const added = (shape: number) => `${usual(shape)}&k${short(shape)}=1`;
const many = (shape: number) => PAGE + keys(400, (i) => `k${short(i)}${short(shape)}`);
const long = (shape: number) => `${PAGE}&${short(shape)}${"k".repeat(8000)}=1`;
const deep = (shape: number) => PAGE + keys(120, (i) => `${short(shape)}${short(i)}.a.b.c.d.e.f.g`);
const escaped = (shape: number) => `${PAGE}&%6b${short(shape)}=1&%6c${short(shape)}=1`;
const twins = (shape: number) => `${PAGE}&${twinKey(shape & 4095)}=1&${short(shape >> 12)}=1`;
const refused = (shape: number) => `${usual(shape)}&context.page.url.k${short(shape)}=1`;

export const ATTACKS: readonly Attack[] = [
  { name: "a short new shape each time", write: times(1, tiny) },
  { name: "each short new shape twice", write: times(2, tiny) },
  { name: "each short new shape three times", write: times(3, tiny) },
  { name: "a page view and a new key each time", write: times(1, added) },
  { name: "a page view and each new key twice", write: times(2, added) },
  { name: "a page view and each new key three times", write: times(3, added) },
  { name: "a page view in a new order each time", write: times(1, shuffled) },
  { name: "a page view in each order twice", write: times(2, shuffled) },
  { name: "400 new keys each time", write: times(1, many) },
  { name: "400 new keys, each of them twice", write: times(2, many) },
  { name: "a new long key each time", write: times(1, long) },
  { name: "each new long key twice", write: times(2, long) },
  { name: "120 deep new keys each time", write: times(1, deep) },
  { name: "120 deep new keys, each of them twice", write: times(2, deep) },
  { name: "new escaped keys, each of them twice", write: times(2, escaped) },
  { name: "new keys of one hash", write: times(1, twins) },
  { name: "each refused shape twice", write: times(2, refused) },
  { name: "one refused shape", write: times(1e9, refused) },
  {
    name: "a known shape, its last value broken",
    write: (request) => `${usual(request)}&v=%FF${short(request)}`,
  },
  {
    name: "a known shape, its last value long and broken",
    write: (request) => `${usual(request)}&v=${"%C3%A9".repeat(1000)}%FF${short(request)}`,
  },
  {
    name: "a known shape, a new user agent each time",
    write: (request) => `${usual(request)}&v=${short(request)}`,
    userAgent: (request) =>
      `Mozilla/5.0 (X11; Linux x86_64; ${short(request)}) AppleWebKit/537.36 Chrome/130.0.0.0`,
  },
  { name: "a known shape, no known values", write: (request) => `${usual(request)}&v=${short(request)}` },
];
