import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSpool } from "../../src/delivery/spool/spool.ts";
import { runCommand } from "../support/gatewayprocess.ts";
import { event, recordLog } from "../support/parts.ts";
import { append, copiesOf, MIB, twoRoutes } from "../support/spools.ts";

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "pixelgate-export-"));
  const spool = openSpool({ dataDir: folder, maxBytes: 64 * MIB, log: recordLog(), clock: () => 1000 });
  const routes = twoRoutes();
  const [ads, warehouse] = copiesOf(routes);
  if (ads === undefined || warehouse === undefined) throw new Error("there is no route");
  const copies = [{ ...ads, quarantine: "message size exceeds maximum allowed" }, warehouse];
  await new Promise((resolve) => spool.append(event("large", { routes }), copies, resolve));
  await append(spool, "small");
  await new Promise((resolve) => spool.append(event("both", { routes }), copiesOf(routes), resolve));
  spool.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function lines(...words: readonly string[]): Promise<unknown[]> {
  const { code, stdout } = await runCommand(["spool", "export", folder, ...words]);
  expect(code).toBe(0);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

const REFUSED = {
  destination: "ads",
  subject: "pixel.ads.page",
  messageId: "large.ads",
  reason: "message size exceeds maximum allowed",
  quarantinedAt: "1970-01-01T00:00:01.000Z",
  event: { id: "large" },
};

test("spool export --quarantine prints each copy with destination, subject, reason and time", async () => {
  expect(await lines("--quarantine")).toEqual([REFUSED]);
  expect(await lines("--quarantine", "--destination", "warehouse")).toEqual([]);
});

test("spool export --destination prints what waits for one destination alone", async () => {
  expect(await lines("--destination", "ads")).toEqual([
    {
      destinations: [{ id: "ads", subject: "pixel.ads.page", messageId: "both.ads" }],
      event: { id: "both" },
    },
  ]);
  expect((await lines()).length).toBe(3);
});

test("spool export --quarantine reads a file that was set aside, too", async () => {
  const aside = join(folder, "spool.db.damaged-20261125T100000Z");
  renameSync(join(folder, "spool.db"), aside);
  try {
    expect(await lines("--quarantine")).toEqual([REFUSED]);
    expect((await lines()).length).toBe(3);
  } finally {
    renameSync(aside, join(folder, "spool.db"));
  }
});
