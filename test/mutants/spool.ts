// Faults of the spool's copies, of its quarantine, and of the files of earlier versions.
import type { Mutant } from "./mutant.ts";

const SPOOL = "src/delivery/spool";
const TESTS = "test/delivery/spool";

export const SPOOL_FILE: readonly Mutant[] = [
  {
    name: "a copy that the index has lost is never missed",
    file: `${SPOOL}/openfile.ts`,
    from: "if (isMissing) throw",
    to: "if (isMissing && rows.length > 0) throw",
    tests: [`${TESTS}/copies.test.ts`],
  },
  {
    name: "a copy of an event that does not wait for its destination is read",
    file: `${SPOOL}/openfile.ts`,
    from: "if (!isOurs) throw",
    to: "if (!isOurs && rows.length === 0) throw",
    tests: [`${TESTS}/copies.test.ts`],
  },
  {
    name: "an event goes though others still wait for it",
    file: `${SPOOL}/change.ts`,
    from: "if (!isWhole || removeWhole.run",
    to: "if (removeWhole.run",
    tests: [`${TESTS}/spool.test.ts`],
  },
  {
    name: "an event that waits for others keeps the sum of what it was",
    file: `${SPOOL}/change.ts`,
    from: "else leave.run(text, seq, checksumOf(id, sourceId, type, spooledAtMs, text, payload));",
    to: "else leave.run(text, seq, 0);",
    tests: [`${TESTS}/spool.rows.test.ts`],
  },
  {
    name: "a payload that is no text passes for one",
    file: `${SPOOL}/row.ts`,
    from: "iif(typeof(payload) = 'text', CAST(payload AS BLOB), NULL) AS payload",
    to: "CAST(payload AS BLOB) AS payload",
    tests: [`${TESTS}/spool.rows.test.ts`],
  },
  {
    name: "bytes that are no text are relayed from a file without checksums",
    file: `${SPOOL}/row.ts`,
    from: '"utf-8", { fatal: true }',
    to: '"utf-8"',
    tests: [`${TESTS}/spool.rows.test.ts`],
  },
  {
    name: "the quarantine does not count what is on its way there",
    file: `${SPOOL}/spool.ts`,
    from: "return addStocks(stored, addStocks(changes.refusedStock, commit.queue.refused));",
    to: "return stored;",
    tests: [`${TESTS}/quarantine.test.ts`],
  },
  {
    name: "a spool with nothing but a quarantine is empty",
    file: `${SPOOL}/unused.ts`,
    from: '(!hasTable(file, "quarantined") || hasNone(file, "quarantined"))',
    to: "true",
    tests: [`${TESTS}/quarantine.test.ts`],
  },
  {
    name: "a full disk's file is begun anew with its quarantine",
    file: `${SPOOL}/rowchanges.ts`,
    from: "if (this.refused.size > 0 || file.quarantined().size > 0) return false;",
    to: "if (this.refused.size > 0) return false;",
    tests: [`${TESTS}/quarantine.test.ts`],
  },
  {
    name: "a damaged file's quarantine stays in it",
    file: `${SPOOL}/aside.ts`,
    from: "findRows(pages, [...EVENT_COLUMNS, QUARANTINE_COLUMNS])",
    to: "findRows(pages, EVENT_COLUMNS)",
    tests: [`${TESTS}/quarantine.test.ts`],
  },
  {
    name: "a salvaged copy in quarantine is done with the first event",
    file: `${SPOOL}/salvage.ts`,
    from: "return isQuarantined(found) ? placeOfQuarantined(found.seq) : found.seq;",
    to: "return found.seq;",
    tests: [`${TESTS}/quarantine.test.ts`],
  },
  {
    name: "what another process has written is not noticed",
    file: `${SPOOL}/openfile.ts`,
    from: "if (version === dataVersion) return;",
    to: "if (version > 0) return;",
    tests: [`${TESTS}/decide.test.ts`],
  },
  {
    name: "a retry never ends while copies are refused again",
    file: `${SPOOL}/decide.ts`,
    from: "afterSeq, untilSeq: last, limit: BATCH",
    to: "afterSeq, limit: BATCH",
    tests: [`${TESTS}/decide.test.ts`],
  },
  {
    name: "a file of an earlier version is not opened on a full disk",
    file: `${SPOOL}/openfile.ts`,
    from: 'if (faultOf(error) !== "full") throw error;',
    to: "if (error !== null) throw error;",
    tests: [`${TESTS}/upgrade.test.ts`],
  },
  {
    name: "what is delivered waits on a full disk for what goes to quarantine",
    file: `${SPOOL}/current.ts`,
    from: "refused: new Map(), nowMs: clock()",
    to: "refused, nowMs: clock()",
    tests: [`${TESTS}/upgrade.test.ts`],
  },
  {
    name: "a share counts payloads alone",
    file: `${SPOOL}/share.ts`,
    from: "return copies * ((rows >= 1 ? PAGE_BYTES / rows : row + PAGE_BYTES / 2) + INDEX_BYTES);",
    to: "return rows >= 1 ? payloadBytes : payloadBytes;",
    tests: [`${TESTS}/share.test.ts`],
  },
  {
    name: "a copy in quarantine is thrown away without --yes",
    file: "src/cli/spooldecide.ts",
    from: 'if (decision === "discard" && all > 0 && !isSure) {',
    to: 'if (decision === "discard" && all < 0 && !isSure) {',
    tests: ["test/cli/spooldecide.test.ts"],
  },
];
