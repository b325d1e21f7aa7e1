import { expect, test } from "bun:test";
import { compareVersions, findNatsServers, natsVersion, readNatsServers } from "./natsbinaries.ts";

test("readNatsServers takes paths parted by commas or colons, and none at all", () => {
  expect(readNatsServers("/bin/sh,/bin/ls")).toEqual(["/bin/sh", "/bin/ls"]);
  expect(readNatsServers("/bin/sh:/bin/ls")).toEqual(["/bin/sh", "/bin/ls"]);
  expect(readNatsServers(" /bin/sh , ")).toEqual(["/bin/sh"]);
  expect(readNatsServers("")).toEqual([]);
});

test("readNatsServers names the path that is no program", () => {
  expect(() => readNatsServers("/bin/sh,/nowhere/nats-server")).toThrow(
    'Cannot read NATS_SERVERS: "/nowhere/nats-server" is no program',
  );
});

test("findNatsServers has a server whose version can be compared", () => {
  for (const path of findNatsServers())
    expect(compareVersions(natsVersion(path), "2.9")).toBeGreaterThanOrEqual(0);
});

test("compareVersions compares numbers and not letters", () => {
  expect(compareVersions("2.9.10", "2.10")).toBeLessThan(0);
  expect(compareVersions("2.10.0", "2.10")).toBe(0);
  expect(compareVersions("2.15.1", "2.10.27")).toBeGreaterThan(0);
});
