// `pixelgate spool retry` and `discard`, beside a spool that another process has open and without one.
import { expect, test } from "bun:test";
import { renameSync } from "node:fs";
import { join } from "node:path";
import { lockFolder } from "../../src/delivery/spool/lock.ts";
import { COMMANDS, runCommand } from "../support/gatewayprocess.ts";
import { event, putAwayAfterEach, temporaryFolder } from "../support/parts.ts";
import { copiesOf, open, twoRoutes, waiting } from "../support/spools.ts";
import { until } from "../support/until.ts";

putAwayAfterEach();

/** A folder with a spool in whose quarantine are so many copies of each of two destinations. */
async function refused(count: number) {
  const folder = temporaryFolder();
  const { spool } = open(folder);
  const routes = twoRoutes();
  const copies = copiesOf(routes, { quarantine: "too large" });
  const appends = Array.from(
    { length: count },
    (_, index) => new Promise((resolve) => spool.append(event(`e${index}`, { routes }), copies, resolve)),
  );
  await Promise.all(appends);
  return { folder, spool };
}

test("spool retry puts copies back beside a gateway, which relays them, and says how many", async () => {
  const { folder, spool } = await refused(250);
  const lock = lockFolder(folder, "the gateway");
  const ended = await runCommand(["spool", "retry", folder, "--destination", "ads"]);
  expect(ended).toMatchObject({
    code: 0,
    stdout: "",
    stderr: "250 copies put back into the backlog\n",
  });
  await until("the spool has noticed it", () => waiting(spool, { destinationId: "ads" }).length === 250);
  expect(spool.quarantined().get("warehouse")?.copies).toBe(250);
  lock?.release();
});

test("spool retry works on the folder of a gateway that is gone, on Deno as well", async () => {
  const { folder, spool } = await refused(3);
  spool.close();
  const { code, stderr } = await runCommand(["spool", "retry", folder], {}, COMMANDS.deno);
  expect([code, stderr]).toEqual([0, "6 copies put back into the backlog\n"]);
  const again = open(folder);
  expect(waiting(again.spool).map(({ id }) => id)).toEqual(["e0", "e1", "e2"]);
  expect(again.log.lines).toEqual([]);
}, 20_000);

test("spool discard asks for --yes, and then throws copies away for good", async () => {
  const { folder, spool } = await refused(2);
  spool.close();
  const asked = await runCommand(["spool", "discard", folder]);
  expect(asked).toMatchObject({
    code: 2,
    stdout: "",
    stderr: "Cannot discard 4 copies for good: say --yes to that\n",
  });
  const { stdout } = await runCommand(["spool", "list", folder, "--quarantine", "--json"]);
  expect(JSON.parse(stdout).total.quarantine).toMatchObject([
    { destination: "ads", reason: "too large", copies: 2 },
    { destination: "warehouse", reason: "too large", copies: 2 },
  ]);
  const done = await runCommand(["spool", "discard", folder, "--yes"]);
  expect(done).toMatchObject({ code: 0, stderr: "4 copies thrown away\n" });
  expect((await runCommand(["spool", "discard", folder])).code).toBe(0);
});

test("spool retry says that copies in a damaged file come back otherwise", async () => {
  const { folder, spool } = await refused(1);
  spool.close();
  renameSync(join(folder, "spool.db"), join(folder, "spool.db.damaged-20261125T100000Z"));
  const { code, stderr } = await runCommand(["spool", "retry", folder]);
  expect([code, stderr]).toEqual([
    0,
    "0 copies put back into the backlog\nWhat is in damaged files comes back when a gateway runs, or with spool drain\n",
  ]);
});

test("spool discard and spool retry count one copy as one", async () => {
  const { folder, spool } = await refused(1);
  spool.close();
  const ads = [folder, "--destination", "ads"];
  const { stderr } = await runCommand(["spool", "discard", ...ads]);
  expect(stderr).toBe("Cannot discard 1 copy for good: say --yes to that\n");
  expect((await runCommand(["spool", "discard", ...ads, "--yes"])).stderr).toBe("1 copy thrown away\n");
  expect((await runCommand(["spool", "retry", folder])).stderr).toBe("1 copy put back into the backlog\n");
});
