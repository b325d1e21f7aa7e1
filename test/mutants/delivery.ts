// Faults on the way from an event to somewhere safe.
import type { Mutant } from "./mutant.ts";

export const DELIVERY: readonly Mutant[] = [
  {
    name: "a former worker's spool is removed without the second look",
    file: "src/delivery/abandoned.ts",
    from: "if (!isSo(name, isUnused) || !isSo(name, isEmpty)) return;",
    to: "",
    tests: ["test/delivery/abandoned.test.ts"],
  },
  {
    name: "a former worker's spool is removed though somebody has spooled meanwhile",
    file: "src/delivery/abandoned.ts",
    from: "if (!isSo(name, isUnused) || !isSo(name, isEmpty)) return;",
    to: "if (!isSo(name, isUnused)) return;",
    tests: ["test/delivery/abandoned.test.ts"],
  },
  {
    name: "a full spool says that it fails",
    file: "src/delivery/spool/admission.ts",
    from: 'admission.fault === "full" ? "full" : "failing"',
    to: '"failing"',
    tests: ["test/delivery/spool/admission.test.ts", "test/delivery/spool/spool.test.ts"],
  },
  {
    name: "a disk that fails says that the spool is full",
    file: "src/delivery/spool/admission.ts",
    from: 'admission.fault === "full" ? "full" : "failing"',
    to: '"full"',
    tests: ["test/delivery/spool/admission.test.ts", "test/delivery/spool/spool.disk.test.ts"],
  },
  {
    name: "a spool that refuses tries at once again",
    file: "src/delivery/spool/admission.ts",
    from: '(admission.is === "refusing" && nowMs >= admission.untilMs)',
    to: 'admission.is === "refusing"',
    tests: ["test/delivery/spool/admission.test.ts"],
  },
  {
    name: "a spool's log may be damaged without a word",
    file: "src/delivery/spool/opening.ts",
    from: 'if (isLogDamaged(path)) throw new DamageError("its log is damaged");',
    to: "",
    tests: ["test/delivery/spool/spool.bytes.test.ts"],
  },
  {
    name: "a spool's sums are believed",
    file: "src/delivery/spool/totals.ts",
    from: 'if (!isRight || rows < 0) throw new DamageError("its sums are not those of its events");',
    to: "void isRight;",
    tests: ["test/delivery/spool/spool.bytes.test.ts"],
  },
  {
    name: "a row that is not where its sequence says is not missed at once",
    file: "src/delivery/spool/change.ts",
    from: "if (seq <= afterSeq) return [];",
    to: "return [];",
    tests: ["test/delivery/spool/spool.rows.test.ts"],
  },
  {
    name: "a log is read no further than a frame with another salt",
    file: "src/delivery/spool/wal.ts",
    from: "const isOfRound = isSame(pairAt(view, at + 8), salts);",
    to: "const isOfRound = isSame(pairAt(view, at + 8), salts);\n    if (!isOfRound) return;",
    tests: ["test/delivery/spool/spool.bytes.test.ts"],
  },
  {
    name: "a frame behind a damaged one must prove itself",
    file: "src/delivery/spool/wal.ts",
    from: "seed = isWhole ? stored : null;",
    to: "seed = stored;",
    tests: ["test/delivery/spool/spool.bytes.test.ts"],
  },
  {
    name: "a transaction whose end is missing holds nothing",
    file: "src/delivery/spool/pages.ts",
    from: "for (const page of pages.unfinished) places.push(...placesOn(pages, page, columns, true));",
    to: "",
    tests: ["test/delivery/spool/spool.bytes.test.ts"],
  },
];
