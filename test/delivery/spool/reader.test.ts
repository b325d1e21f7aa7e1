import { expect, test } from "bun:test";
import { join } from "node:path";
import { lastSpooledSeq, readSpool } from "../../../src/delivery/spool/reader.ts";
import { putAwayAfterEach, temporaryFolder } from "../../support/parts.ts";
import { append, open } from "../../support/spools.ts";

putAwayAfterEach();

test("readSpool follows from another process while the gateway writes", async () => {
  const folder = temporaryFolder();
  expect(readSpool(folder, { afterSeq: 0, limit: 10 })).toEqual([]);
  const { spool } = open(folder);
  const start = lastSpooledSeq(folder);
  const script = `
    import { readSpool } from ${JSON.stringify(join(import.meta.dir, "../../../src/delivery/spool/reader.ts"))};
    let after = ${start}, count = 0;
    const deadline = Date.now() + 20000;
    while (count < 500 && Date.now() < deadline) {
      for (const event of readSpool(${JSON.stringify(folder)}, { afterSeq: after, limit: 100 })) {
        if (event.id !== "e" + count) throw new Error("expected e" + count + ", got " + event.id);
        after = event.seq; count++;
      }
      await Bun.sleep(1);
    }
    console.log(count);
  `;
  const reader = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "inherit" });
  for (let index = 0; index < 500; index++) {
    const isSafe = await append(spool, `e${index}`);
    if (!isSafe) throw new Error(`e${index} was refused`);
  }
  expect((await new Response(reader.stdout).text()).trim()).toBe("500");
  await reader.exited;
}, 30_000);
