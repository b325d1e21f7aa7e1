// The rules: docs/wire-contract.md, "Fields" and "Instants".
import { NOW, testEvents } from "../support/events.ts";

const EARLY = "2026-11-23T09:00:00.000Z";
const MIDDLE = "2026-11-23T09:30:00.000Z";
testEvents([
  ["sets every timestamp to now", "page", "", { originalTimestamp: NOW, sentAt: NOW, timestamp: NOW }],
  [
    "keeps an originalTimestamp and a sentAt, and corrects the clock by them",
    "page",
    `originalTimestamp=${EARLY}&sentAt=${MIDDLE}`,
    { originalTimestamp: EARLY, sentAt: MIDDLE, timestamp: MIDDLE },
  ],
  [
    "takes a client's clock that runs ahead out of the timestamp",
    "page",
    "originalTimestamp=2030-01-01T00:00:00Z&sentAt=2030-01-01T00:00:01Z",
    {
      originalTimestamp: "2030-01-01T00:00:00.000Z",
      sentAt: "2030-01-01T00:00:01.000Z",
      timestamp: "2026-11-23T09:59:59.000Z",
    },
  ],
  [
    "takes now for a sentAt that is missing",
    "page",
    `originalTimestamp=${EARLY}`,
    { originalTimestamp: EARLY, sentAt: NOW, timestamp: EARLY },
  ],
  [
    "takes now for an originalTimestamp that is missing",
    "page",
    `sentAt=${MIDDLE}`,
    { originalTimestamp: NOW, sentAt: MIDDLE, timestamp: "2026-11-23T10:30:00.000Z" },
  ],
  [
    "keeps a timestamp that is given",
    "page",
    `timestamp=${EARLY}`,
    { timestamp: EARLY, originalTimestamp: NOW, sentAt: NOW },
  ],
  [
    "computes a timestamp that is invalid",
    "page",
    `timestamp=soon&originalTimestamp=${EARLY}&sentAt=${MIDDLE}`,
    { timestamp: MIDDLE },
  ],
  [
    "takes now for timestamps that are invalid",
    "page",
    "originalTimestamp=1763892000&sentAt=today",
    { originalTimestamp: NOW, sentAt: NOW, timestamp: NOW },
  ],
  [
    "takes now for empty timestamps",
    "page",
    "originalTimestamp=&sentAt=&timestamp=",
    { originalTimestamp: NOW, sentAt: NOW, timestamp: NOW },
  ],
  [
    "takes now for timestamps that are paths",
    "page",
    "originalTimestamp.a=1&sentAt.0=1&timestamp.b.c=1",
    { originalTimestamp: NOW, sentAt: NOW, timestamp: NOW },
  ],
  ["writes an offset as UTC", "page", "timestamp=2026-11-23T12:00:00%2B02:00", { timestamp: NOW }],
  ["writes milliseconds", "page", "timestamp=2026-11-23T10:00:00Z", { timestamp: NOW }],
  [
    "takes now for a correction that leaves the calendar",
    "page",
    "originalTimestamp=0000-01-01T00:00:00Z&sentAt=9999-12-31T00:00:00Z",
    { timestamp: NOW, originalTimestamp: "0000-01-01T00:00:00.000Z", sentAt: "9999-12-31T00:00:00.000Z" },
  ],
]);
