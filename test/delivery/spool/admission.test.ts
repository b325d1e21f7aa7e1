// The table at the head of admission.ts, cell by cell.
import { expect, test } from "bun:test";
import {
  type Admission,
  type AdmissionEvent,
  admits,
  nextAdmission,
  OPEN,
  RETRY_MS,
  spoolStateOf,
} from "../../../src/delivery/spool/admission.ts";
import { holds, meaningOf, readHeadRows } from "../../support/headtable.ts";

const ROWS = readHeadRows("src/delivery/spool/admission.ts");
const NOW = 5000;
const FULL: Admission = { is: "refusing", fault: "full", untilMs: NOW + 10 };
const FAILING: Admission = { is: "refusing", fault: "io", untilMs: NOW - 10 };
const CLOSED: Admission = { is: "closed" };
const STATES = [OPEN, FULL, FAILING, CLOSED];
const EVENTS: Readonly<Record<AdmissionEvent["is"], AdmissionEvent>> = {
  failed: { is: "failed", fault: "busy" },
  written: { is: "written" },
  closed: { is: "closed" },
};
const OUTCOMES: Readonly<Record<string, Admission>> = {
  "refusing for a second from now, for this fault": {
    is: "refusing",
    fault: "busy",
    untilMs: NOW + RETRY_MS,
  },
  open: OPEN,
  closed: CLOSED,
};

for (const from of STATES) {
  for (const [name, event] of Object.entries(EVENTS)) {
    test(`nextAdmission does of ${JSON.stringify(from)} on ${name} what the table says`, () => {
      const rows = ROWS.filter(([states = "", on = ""]) => holds(states, from.is) && holds(on, name));
      expect(rows).toHaveLength(1);
      expect(nextAdmission(from, event, NOW)).toEqual(meaningOf(OUTCOMES, rows[0]?.[2] ?? ""));
    });
  }
}

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
