// Instants: ISO 8601 in, ISO 8601 UTC with milliseconds out.

const INSTANT =
  /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:Z|([+-])(\d\d):?(\d\d))$/i;

/** Reads an ISO 8601 instant (date, time and zone) as epoch milliseconds; NaN when it is none. */
export function readInstant(text: string): number {
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
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return Number.NaN;
  if (Number(zoneHour) > 23 || Number(zoneMinute) > 59) return Number.NaN;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return Number.NaN;
  date.setUTCHours(Number(hour), Number(minute), Number(second), Number(fraction.padEnd(3, "0").slice(0, 3)));
  const zone = (Number(zoneHour) * 60 + Number(zoneMinute)) * 60_000;
  return sign === "-" ? date.getTime() + zone : date.getTime() - zone;
}

const EARLIEST = readInstant("0000-01-01T00:00:00Z");
const LATEST = readInstant("9999-12-31T23:59:59.999Z");

/** True when an instant has a four-digit year, so that its text has one fixed form. */
export function isWritable(epochMs: number): boolean {
  return epochMs >= EARLIEST && epochMs <= LATEST;
}

let lastMs = Number.NaN;
let lastText = "";

/** Writes epoch milliseconds as `2026-11-23T10:00:00.000Z`. The last one is kept: many events share a millisecond. */
export function writeInstant(epochMs: number): string {
  if (epochMs !== lastMs) {
    lastText = new Date(epochMs).toISOString();
    lastMs = epochMs;
  }
  return lastText;
}
