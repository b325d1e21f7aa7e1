// Walks every cell of the table: each state with each event, and what it admits.
import { describe, expect, test } from "bun:test";
import {
  type Admission,
  type AdmissionEvent,
  admits,
  nextAdmission,
  OPEN,
  RETRY_MS,
  spoolStateOf,
} from "../../../src/delivery/spool/admission.ts";

const NOW = 5000;
const CLOSED: Admission = { is: "closed" };
const FULL: Admission = { is: "refusing", fault: "full", untilMs: NOW + 10 };
const FULL_AGAIN: Admission = { is: "refusing", fault: "full", untilMs: NOW + RETRY_MS };
const FAILING: Admission = { is: "refusing", fault: "io", untilMs: NOW - 10 };
const FAILING_AGAIN: Admission = { is: "refusing", fault: "io", untilMs: NOW + RETRY_MS };

const WRITTEN: AdmissionEvent = { is: "written" };
const NO_ROOM: AdmissionEvent = { is: "failed", fault: "full" };
const NO_DISK: AdmissionEvent = { is: "failed", fault: "io" };
const CLOSE: AdmissionEvent = { is: "closed" };

const TABLE: readonly [string, Admission, AdmissionEvent, Admission][] = [
  ["open stays open when written", OPEN, WRITTEN, OPEN],
  ["open refuses without room", OPEN, NO_ROOM, FULL_AGAIN],
  ["open refuses when the disk fails", OPEN, NO_DISK, FAILING_AGAIN],
  ["open closes", OPEN, CLOSE, CLOSED],
  ["refusing opens when written", FULL, WRITTEN, OPEN],
  ["refusing goes on without room", FULL, NO_ROOM, FULL_AGAIN],
  ["refusing goes on for another fault", FULL, NO_DISK, FAILING_AGAIN],
  ["refusing closes", FULL, CLOSE, CLOSED],
  ["refusing whose second is over opens when written", FAILING, WRITTEN, OPEN],
  ["refusing whose second is over refuses without room", FAILING, NO_ROOM, FULL_AGAIN],
  ["refusing whose second is over refuses again", FAILING, NO_DISK, FAILING_AGAIN],
  ["refusing whose second is over closes", FAILING, CLOSE, CLOSED],
  ["closed stays closed when written", CLOSED, WRITTEN, CLOSED],
  ["closed stays closed without room", CLOSED, NO_ROOM, CLOSED],
  ["closed stays closed when the disk fails", CLOSED, NO_DISK, CLOSED],
  ["closed stays closed", CLOSED, CLOSE, CLOSED],
];

describe("nextAdmission", () => {
  for (const [name, from, event, to] of TABLE) {
    test(name, () => {
      expect(nextAdmission(from, event, NOW)).toEqual(to);
    });
  }
});

test("admits while open, and while refusing once the second is over", () => {
  const asked: [Admission, number, boolean][] = [
    [OPEN, NOW, true],
    [FULL, NOW, false],
    [FULL, NOW + 9, false],
    [FULL, NOW + 10, true],
    [FAILING, NOW, true],
    [CLOSED, NOW, false],
  ];
  for (const [admission, nowMs, isAdmitted] of asked) expect(admits(admission, nowMs)).toBe(isAdmitted);
});

test("spoolStateOf tells a full spool from one that fails", () => {
  expect([OPEN, FULL, FAILING, CLOSED].map(spoolStateOf)).toEqual(["open", "full", "failing", "open"]);
  for (const fault of ["damaged", "busy", "io", "other"] as const) {
    expect(spoolStateOf({ is: "refusing", fault, untilMs: 0 })).toBe("failing");
  }
});
