// Asks a spool's file that is not open here whether anybody has it, and whether anything is in it.
import { DatabaseSync } from "node:sqlite";
import { isLogDamaged } from "./aside.ts";
import { hasTable } from "./tables.ts";

/**
 * Whether no other process has the file open: leaving WAL mode needs the file for oneself. Throws what SQLite throws, a
 * lock of another process among it. A file with a damaged log is nobody's, and stays as it is: SQLite
 * would give the events behind the damage away.
 */
export function isUnused(path: string): boolean {
  if (isLogDamaged(path)) return true;
  return ask(path, (file) => file.prepare("PRAGMA journal_mode = DELETE").get()?.journal_mode === "delete");
}

/** Whether the file holds no event, and nothing in quarantine. Throws as `isUnused` does. */
export function isEmpty(path: string): boolean {
  const hasNone = (file: DatabaseSync, table: string) =>
    file.prepare(`SELECT 1 FROM ${table} LIMIT 1`).get() === undefined;
  return ask(
    path,
    (file) => hasNone(file, "events") && (!hasTable(file, "quarantined") || hasNone(file, "quarantined")),
  );
}

function ask(path: string, question: (file: DatabaseSync) => boolean): boolean {
  const file = new DatabaseSync(path);
  try {
    return question(file);
  } finally {
    file.close();
  }
}
