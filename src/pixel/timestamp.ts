// Instants: ISO 8601 in, ISO 8601 UTC with milliseconds out.

const INSTANT =
  /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:Z|([+-])(\d\d):?(\d\d))$/i;

/** Reads an ISO 8601 instant (date, time and zone) as epoch milliseconds; NaN when it is none. */
export function readInstant(text: string): number {
  // As nearly all clients write it: 0.1 µs, where the expression and its texts take 0.5.
  if (isWrittenForm(text)) return readWritten(text);
  const match = INSTANT.exec(text);
  if (match === null) return Number.NaN;
  const [
    ,
    year,
    month,
    day,
    hour,
    minute,
    second = "0",
    fraction = "",
    sign,
    zoneHour = "0",
    zoneMinute = "0",
  ] = match;
  if (Number(zoneHour) > 23 || Number(zoneMinute) > 59) return Number.NaN;
  const ms = Number(fraction.padEnd(3, "0").slice(0, 3));
  const local = instantOf(
    Number(year),
    Number(month),
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
    ms,
  );
  const zone = (Number(zoneHour) * 60 + Number(zoneMinute)) * 60_000;
  return sign === "-" ? local + zone : local - zone;
}

/** Whether a text looks as `writeInstant` writes: if it can be read, it is what `writeInstant` makes of it. */
export function isWrittenForm(text: string): boolean {
  return text.length === 24 && text[10] === "T" && text[19] === "." && text[23] === "Z";
}

function readWritten(text: string): number {
  if (text[4] !== "-" || text[7] !== "-" || text[13] !== ":" || text[16] !== ":") return Number.NaN;
  return instantOf(
    readDigits(text, 0, 4),
    readDigits(text, 5, 7),
    readDigits(text, 8, 10),
    readDigits(text, 11, 13),
    readDigits(text, 14, 16),
    readDigits(text, 17, 19),
    readDigits(text, 20, 23),
  );
}

/** NaN where one of them is no digit. */
function readDigits(text: string, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = text.charCodeAt(at) - 48;
    value = digit >= 0 && digit <= 9 ? value * 10 + digit : Number.NaN;
  }
  return value;
}

// The calendar repeats itself after 400 years: without them Date.UTC would take a year below 100 for one of the 1900s.
const CYCLE_YEARS = 400;
const CYCLE_MS = 146_097 * 86_400_000;

/** NaN where there is no such day, or no such time. */
function instantOf(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  ms: number,
): number {
  if (hour > 23 || minute > 59 || second > 59 || day < 1 || day > daysOf(year, month)) return Number.NaN;
  return Date.UTC(year + CYCLE_YEARS, month - 1, day, hour, minute, second, ms) - CYCLE_MS;
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** How many days a month has, counted from 1; none where there is no such month. */
function daysOf(year: number, month: number): number {
  const isLeap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return isLeap ? 29 : (DAYS[month - 1] ?? 0);
}

const EARLIEST = readInstant("0000-01-01T00:00:00Z");
const LATEST = readInstant("9999-12-31T23:59:59.999Z");

/** True when an instant has a four-digit year, so that its text has one fixed form. */
export function isWritable(epochMs: number): boolean {
  return epochMs >= EARLIEST && epochMs <= LATEST;
}

/** Writes epoch milliseconds as `2026-11-23T10:00:00.000Z`. */
export function writeInstant(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

let lastMs = Number.NaN;
let lastText = "";

/** The same for the time a request is received, which is kept: many events share a millisecond. */
export function writeNow(nowMs: number): string {
  if (nowMs !== lastMs) {
    lastText = writeInstant(nowMs);
    lastMs = nowMs;
  }
  return lastText;
}
