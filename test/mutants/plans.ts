// Faults of the fast path: what a plan must not write, leak, forget or take from the reference.
import type { Mutant } from "./mutant.ts";

const VALUES = ["test/server/decide.plan-values.test.ts"];
const KEYS = ["test/server/decide.plan-keys.test.ts"];
const LEAKS = ["test/server/decide.plan-leaks.test.ts"];
const POLICIES = ["test/server/decide.plan-policies.test.ts"];
const SOURCES = ["test/server/decide.plan-sources.test.ts"];
const ATTACK = ["test/server/decide.plan-attack.test.ts"];

const mutant = (file: string, tests: readonly string[], name: string, from: string, to: string): Mutant => ({
  name: `a plan: ${name}`,
  file: `src/pixel/plan/${file}.ts`,
  from,
  to,
  tests,
});

export const PLANS: readonly Mutant[] = [
  mutant(
    "bytes",
    VALUES,
    "an escape that is broken swallows its digits",
    "if (value >= 0) {",
    "if (value >= -1) {",
  ),
  mutant("bytes", VALUES, "a plus stays a plus", "else if (byte === PLUS) byte = FIRST_PRINTABLE;", ""),
  mutant(
    "bytes",
    VALUES,
    "bytes that are no UTF-8 are passed on",
    "if (!writeTail(to, place, query, from, byte, more)) return -1;",
    "writeTail(to, place, query, from, byte, more);",
  ),
  mutant("bytes", VALUES, "a surrogate passes for UTF-8", "first === 0xed ? 0x9f", "first === 0xed ? 0xbf"),
  mutant(
    "bytes",
    VALUES,
    "an overlong form passes for UTF-8",
    "first === 0xe0 ? 0xa0",
    "first === 0xe0 ? 0x80",
  ),
  mutant(
    "bytes",
    VALUES,
    "a control character is written as it is",
    "} else if (ESCAPED[byte] === 1) place",
    "} else if (byte === QUOTE || byte === BACKSLASH) place",
  ),
  mutant("bytes", VALUES, "\\b is written as \\u0008", '{ 8: "b", 9', "{ 9"),
  mutant("text", VALUES, "the end of a longer query is read as a digit", "this.bytes[length] = 0;", ""),
  mutant(
    "planned",
    VALUES,
    "quotes around an id are kept",
    "const id = stripQuotes(this.#textOf(anonymousId));",
    "const id = this.#textOf(anonymousId);",
  ),
  mutant("planned", VALUES, "a blank userId is an identity", "!isBlank(this.#textOf(userId))", "userId >= 0"),
  mutant(
    "planned",
    VALUES,
    "a missing event is one",
    "if (isTrack && this.#isEmpty(this.#layout.event)) return ODD;",
    "",
  ),
  mutant(
    "planned",
    POLICIES,
    "a bot that is to be dropped is kept",
    "if (findDrop(flags, source) !== null) return ODD;",
    "",
  ),
  mutant(
    "planned",
    POLICIES,
    "who wants an id gets one assigned",
    'return source.anonymousId !== "reject";',
    "return true;",
  ),
  mutant(
    "planned",
    POLICIES,
    "a visitor who asks for privacy gets a cookie",
    '"cookie" && !isPrivate ?',
    '"cookie" ?',
  ),
  mutant(
    "planned",
    POLICIES,
    "an address is kept whole",
    "if (seen !== null) seen = truncateAddress(seen);",
    "",
  ),

  mutant("planned", VALUES, "an address that cannot be cut is kept", "return cut !== null;", "return true;"),

  mutant(
    "planned",
    LEAKS,
    "the partition of an anonymised event is that of its visitor",
    "this.isIdAsGiven = false;\n    this.setCookie",
    "this.setCookie",
  ),
  mutant(
    "planned",
    POLICIES,
    "the cookie of the visitor before is set again",
    "this.setCookie = null;\n    if (this.#origin",
    "if (this.#origin",
  ),
  mutant(
    "planned",
    LEAKS,
    "flags are those of the visitor before",
    'this.flags = flags.length === 0 ? "[]" : JSON.stringify(flags);',
    "if (flags.length > 0) this.flags = JSON.stringify(flags);",
  ),
  mutant(
    "planned",
    LEAKS,
    "the referer is that of the visitor before",
    'texts[TEXT.referer] = referer ?? "";',
    'texts[TEXT.referer] ||= referer ?? "";',
  ),
  mutant(
    "planned",
    SOURCES,
    "the source is the one before",
    "texts[TEXT.sourceId] = source.id;",
    "texts[TEXT.sourceId] ||= source.id;",
  ),
  mutant(
    "write",
    LEAKS,
    "a value that is written twice has room for one",
    "query.length * plan.repeats",
    "query.length",
  ),
  mutant("write", VALUES, "an empty name is kept", "? writePiece(view, place, UNKNOWN_PAGE)", "? place"),
  mutant("shelf", ATTACK, "what is in use goes first", "if (item.isUsed) {", "if (!item.isUsed) {"),
  mutant(
    "write",
    VALUES,
    "the time is that of the request before",
    "if (text !== lastNow) {",
    'if (lastNow === "") {',
  ),
  mutant(
    "write",
    LEAKS,
    "a view of the buffer before is written to",
    "if (buffer !== lastBuffer) {",
    "if (lastBuffer === null) {",
  ),
  mutant("bytes", VALUES, "a character of four bytes ends after three", "byte < 0xf0 ? 2 : 3", "2"),
  mutant(
    "shelf",
    ATTACK,
    "a shelf without end",
    "this.#items.length >= most || this.#bytes >= mostBytes",
    "this.#bytes >= mostBytes * 1000",
  ),
  mutant("sightings", ATTACK, "plans without ration", "if (this.#credit < QUERIES_A_PLAN) return false;", ""),
  mutant("trie", ATTACK, "a key that went is still tried", "if (at >= 0) parent.near.splice(at, 1);", ""),
  mutant(
    "trie",
    ATTACK,
    "the first key that went is still tried",
    "if (parent.first === place)",
    "if (parent === place)",
  ),
  mutant("text", KEYS, "a fragment belongs to the query", 'mark < 0 || url.includes("#")', "mark < 0"),
];
