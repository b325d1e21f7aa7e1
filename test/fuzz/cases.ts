// What must be so for any input. A case is decided by its seed; it throws where something is not so.
import { isDeepStrictEqual } from "node:util";
import { decodePayload } from "../../src/pixel/payload.ts";
import { queryOf, readQuery } from "../../src/pixel/query.ts";
import { Rejection } from "../../src/pixel/rejection.ts";
import { decideOf, requestOf } from "../support/decisions.ts";
import { nest } from "../support/queries.ts";
import { randomOf } from "./random.ts";
import { randomHeaders, randomQuery } from "./requests.ts";

interface Pixel {
  readonly base: string;
  readonly type: "page" | "track";
  readonly writeKey: string;
  readonly name: string;
  readonly fields: readonly (readonly [string, string])[];
}

// To the compiler the page's scripts are texts that the admin port sends: the name is put together to get at this one.
const SNIPPETS: string = "../../src/admin/page/snippets.js";
const { writeUrl }: { writeUrl: (pixel: Pixel, isGif: boolean) => string } = await import(SNIPPETS);

/** docs/wire-contract.md, "How large an event can be". */
const FACTOR = 4;
const FIXED_BYTES = 24_576;
const MAX_URL_BYTES = 65_536;

const PROTOTYPES = [Object.prototype, Array.prototype, String.prototype, Function.prototype, Map.prototype];
const shapeOf = () => PROTOTYPES.map((prototype) => Object.getOwnPropertyDescriptors(prototype));
const SHAPE = shapeOf();

function must(isSo: boolean, what: string): asserts isSo {
  if (!isSo) throw new Error(`It must be so, and is not: ${what}`);
}

/** The decision over a random request: the same each time, bounded, JSON, of a known status, and no prototype's. */
export function checkParser(seed: number): void {
  const random = randomOf(seed);
  const target = `/pixel/v1/${random.pick(["page", "track"])}?${randomQuery(random).replace(/writeKey=demo/, "writeKey=wk_blog")}`;
  const headers = Object.fromEntries(randomHeaders(random));
  const decide = () =>
    decideOf({ maxUrlBytes: MAX_URL_BYTES, trusted: "192.0.2.0/24" })(requestOf(target, headers));
  const decision = decide();
  must(isDeepStrictEqual(decide(), decision), "a request is decided the same way twice");
  if (decision.outcome === "rejected") {
    const { status, reason } = decision.rejection;
    must([400, 414, 429].includes(status), `a status of the table, not ${status}`);
    must(/^[\x20-\x7e]+$/.test(reason), "a reason of plain ASCII");
    if (decision.record !== null) JSON.parse(decision.record.payload);
  } else if (decision.outcome === "accepted") {
    const { payload } = decision.outgoing;
    const text = decodePayload(payload);
    const event: unknown = JSON.parse(text);
    must(JSON.stringify(event).length > 0, "an event that is JSON");
    const most = FACTOR * Buffer.byteLength(target) + FIXED_BYTES;
    must(Buffer.from(text).equals(payload), "bytes that are UTF-8");
    must(payload.length <= most, `an event of at most ${most} bytes, not ${payload.length}`);
  }
  const query = queryOf(target);
  const first = JSON.stringify(readQuery(query));
  must(JSON.stringify(readQuery(query)) === first, "a query is read the same way twice");
  must(isDeepStrictEqual(shapeOf(), SHAPE), "prototypes stay as they are");
}

// What the builder leaves as it is, for mail programs to fill in.
const MERGE_TAG = /\{\{.*?\}\}|\*\|.*?\|\*|%%.*?%%|\$\{.*?\}/;
const LETTERS = [
  ..."abz019.:\\&=+%-_~!*'(),;/?@$|{}^`\"<>#[] \t\n\u0000\u00e9\u4e16\u{1f600}",
  "\ud800",
  "\udc00",
];

/** What the live page's builder writes is read back as the fields that were typed in. */
export function checkBuilder(seed: number): void {
  const random = randomOf(seed);
  const text = (most: number) => random.many(most, () => random.pick(LETTERS)).join("");
  const key = () =>
    random.oneIn(3) ? text(10) : `${random.pick(["context.page", "properties", "a"])}.${text(4)}`;
  const pixel: Pixel = {
    base: "http://127.0.0.1:8080",
    type: random.pick(["page", "track"]),
    writeKey: text(12),
    name: text(20),
    fields: random.many(8, (): [string, string] => [key(), text(random.oneIn(9) ? 600 : 20)]),
  };
  const isGif = random.oneIn(2);
  const url = writeUrl(pixel, isGif);
  const { fields, writeKey, name, type } = pixel;
  must(
    url.startsWith(`http://127.0.0.1:8080/pixel/v1/${type}${isGif ? ".gif?" : "?"}`),
    "a URL of the public port",
  );
  const typed: (readonly [string, string])[] = [["writeKey", writeKey], ...fields];
  if (type === "track" || name !== "") typed.push([type === "track" ? "event" : "name", name]);
  if (typed.flat().some((part) => MERGE_TAG.test(part))) return;
  const read = readQuery(queryOf(url));
  if (read instanceof Rejection) return;
  must(
    isDeepStrictEqual(
      JSON.parse(JSON.stringify(read)),
      nest(typed.map(([key, text]) => [key.toWellFormed(), text.toWellFormed()])),
    ),
    `the fields that were typed in, from ${url}`,
  );
  // As a browser sends it.
  must(
    isDeepStrictEqual(readQuery(queryOf(new URL(url).href)), read),
    `the same from a browser, from ${url}`,
  );
}
