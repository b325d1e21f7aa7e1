// `bun run docs`: writes what the documents take from the code.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeGenerated } from "./generated.ts";
import { DOCUMENTS, ROOT } from "./markdown.ts";

for (const { path, text } of DOCUMENTS) {
  const written = writeGenerated(text);
  if (written === text) continue;
  writeFileSync(join(ROOT, path), written);
  console.log(`wrote ${path}`);
}
