// `bun run mutants [words]`: changes the code, one fault at a time, and runs the tests that should notice. Each must
// turn one red; the last line says whether all did. Words choose the mutants whose names hold one of them. Works on a
// copy in a temporary folder, so that a stop midway leaves nothing changed. By hand: it takes several minutes.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Mutant } from "./mutant.ts";
import { MUTANTS } from "./table.ts";

const ROOT = join(import.meta.dirname, "../..");
const LIMIT_MS = 180_000;

const words = process.argv.slice(2);
const chosen = MUTANTS.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
if (chosen.length === 0) {
  console.error(`Cannot run mutants: no name holds ${words.join(" or ")}`);
  process.exit(2);
}

const copy = mkdtempSync(join(tmpdir(), "pixelgate-mutants-"));
let survivors = 0;
try {
  for (const name of ["src", "test", "package.json", "tsconfig.json", "bunfig.toml"]) {
    cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  checkTests();
  for (const mutant of chosen) {
    const verdict = tryMutant(mutant);
    if (!verdict.startsWith("red")) survivors++;
    console.log(`${verdict.padEnd(9)} ${mutant.name}`);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
console.log(
  survivors === 0
    ? `Each of ${chosen.length} changes turns a test red`
    : `NOT NOTICED: ${survivors} of ${chosen.length} changes`,
);
process.exit(survivors === 0 ? 0 : 1);

/** A red test proves something only where the same tests are green without the change. */
function checkTests(): void {
  const tests = [...new Set(chosen.flatMap(({ tests }) => tests))];
  if (!isGreen(tests)) throw new Error(`Cannot try mutants: red without any change: ${tests.join(" ")}`);
}

function tryMutant({ file, from, to, tests }: Mutant): string {
  const path = join(copy, file);
  const code = readFileSync(path, "utf8");
  if (code.split(from).length !== 2) return "NO PLACE";
  writeFileSync(
    path,
    code.replace(from, () => to),
  );
  try {
    return isGreen(tests) ? "GREEN" : "red";
  } finally {
    writeFileSync(path, code);
  }
}

function isGreen(tests: readonly string[]): boolean {
  const { exitCode } = Bun.spawnSync([process.execPath, "test", "--timeout", "60000", ...tests], {
    cwd: copy,
    stdout: "ignore",
    stderr: "ignore",
    timeout: LIMIT_MS,
  });
  return exitCode === 0;
}
