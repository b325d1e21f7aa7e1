// What lies in a folder, in bytes.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** The length of all files in a folder and below it. */
export function bytesIn(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return entries.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
