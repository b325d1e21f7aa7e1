import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { reasonOf } from "../../../src/delivery/log.ts";
import { createPrivateFile, openModeOf, restrictFile } from "../../../src/delivery/spool/private.ts";
import { afterTest, putAwayAfterEach, temporaryFolder } from "../../support/parts.ts";
import { append, open } from "../../support/spools.ts";

putAwayAfterEach();

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

function modesIn(folder: string): Record<string, string> {
  return Object.fromEntries(readdirSync(folder).map((name) => [name, modeOf(join(folder, name))]));
}

const SPOOL = { "spool.db": "600", "spool.db-shm": "600", "spool.db-wal": "600" };

for (const umask of [0o000, 0o022, 0o277]) {
  test(`openSpool makes its folder and its files for its user alone under umask ${umask.toString(8)}`, async () => {
    const data = join(temporaryFolder(), "data");
    const before = process.umask(umask);
    afterTest(() => process.umask(before));
    const { spool } = open(data);
    await append(spool, "e0");
    expect(modeOf(data)).toBe("700");
    expect(modesIn(data)).toEqual(SPOOL);
  });
}

test("openSpool takes files from others that an earlier version has left to them", async () => {
  const data = temporaryFolder();
  const first = open(data).spool;
  await append(first, "e0");
  for (const name of Object.keys(SPOOL)) chmodSync(join(data, name), 0o644);
  open(data);
  expect(modesIn(data)).toEqual(SPOOL);
});

test("createPrivateFile gives back why there is no file", () => {
  const folder = temporaryFolder();
  expect(createPrivateFile(join(folder, "there"))).toBe(null);
  expect(createPrivateFile(join(folder, "there"))).toBe(null);
  expect(reasonOf(createPrivateFile(join(folder, "nowhere", "file")))).toContain("ENOENT");
});

test("restrictFile leaves alone what is not there", () => {
  restrictFile(join(temporaryFolder(), "nothing"));
});

test("openModeOf tells a folder that others may use", () => {
  const folder = join(temporaryFolder(), "folder");
  mkdirSync(folder);
  const modes = [0o700, 0o750, 0o701, 0o755].map((mode) => {
    chmodSync(folder, mode);
    return openModeOf(folder);
  });
  expect(modes).toEqual([null, "750", "701", "755"]);
  writeFileSync(join(folder, "file"), "");
});
