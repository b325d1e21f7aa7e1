// Faults in who may use a data directory, and in what is said of a copy of one.
import type { Mutant } from "./mutant.ts";

const SPOOL = "src/delivery/spool";
const TESTS = "test/delivery/spool";

export const DATA_DIR: readonly Mutant[] = [
  {
    name: "the lock of a data directory is given back at once",
    file: `${SPOOL}/lock.ts`,
    from: "      const isWritten = write(database, own);\n      begin(database);",
    to: "      const isWritten = write(database, own);",
    tests: [`${TESTS}/lock.test.ts`],
  },
  {
    name: "the lock of a data directory needs room on the disk",
    file: `${SPOOL}/lock.ts`,
    from: 'database.exec("PRAGMA journal_mode = MEMORY");',
    to: "",
    tests: [`${TESTS}/lock.test.ts`],
  },
  {
    name: "a lock that was removed is not taken again",
    file: "src/delivery/datadir.ts",
    from: "if (lock?.isThere()) return;",
    to: "if (lock !== null) return;",
    tests: ["test/delivery/datadir.test.ts"],
  },
  {
    name: "the umask decides who may read the spool",
    file: `${SPOOL}/layout.ts`,
    from: "  createPrivateFile(path);\n",
    to: "",
    tests: [`${TESTS}/private.test.ts`],
  },
  {
    name: "that a spool is open stands in its log alone",
    file: `${SPOOL}/sidelog.ts`,
    from: '    database.exec("PRAGMA wal_checkpoint(PASSIVE)");\n  } catch {\n    // The mark is',
    to: "  } catch {\n    // The mark is",
    tests: [`${TESTS}/sidelog.test.ts`],
  },
  {
    name: "a drain does not end while nothing gets through",
    file: "src/delivery/drain.ts",
    from: " && time.now() - lastChangeMs < STUCK_MS",
    to: "",
    tests: ["test/delivery/drain.test.ts"],
  },
];
