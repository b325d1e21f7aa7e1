import { expect, test } from "bun:test";
import { faultOf, isNotWritable, type SpoolFault } from "../../../src/delivery/spool/fault.ts";

const coded = (errcode: number) => Object.assign(new Error("as SQLite says"), { errcode });

test("faultOf tells what SQLite's codes mean for us, extended ones too", () => {
  const table: [number, SpoolFault][] = [
    [5, "busy"],
    [6, "busy"],
    [261, "busy"],
    [8, "io"],
    [10, "io"],
    [778, "io"],
    [4874, "full"],
    [11, "damaged"],
    [267, "damaged"],
    [13, "full"],
    [14, "io"],
    [26, "damaged"],
    [1, "other"],
    [19, "other"],
  ];
  for (const [code, fault] of table) expect({ code, fault: faultOf(coded(code)) }).toEqual({ code, fault });
});

test("faultOf reads the text where there is no code", () => {
  const table: [unknown, SpoolFault][] = [
    [new Error("database or disk is full"), "full"],
    [new Error("ENOSPC: no space left on device"), "full"],
    [new Error("database disk image is malformed"), "damaged"],
    [new Error("file is not a database"), "damaged"],
    [new Error("no such table: events"), "damaged"],
    [new Error("no such column: sum"), "damaged"],
    [new Error("database is locked"), "busy"],
    [new Error("unable to open database file"), "io"],
    [new Error("disk I/O error"), "io"],
    [new Error("attempt to write a readonly database"), "io"],
    [new TypeError("x is not a function"), "other"],
    ["text", "other"],
  ];
  for (const [error, fault] of table) expect({ error, fault: faultOf(error) }).toEqual({ error, fault });
});

test("isNotWritable tells rights and read-only disks from broken ones", () => {
  for (const error of [coded(8), coded(14), coded(1032), new Error("unable to open database file")]) {
    expect(isNotWritable(error)).toBe(true);
  }
  for (const error of [coded(10), coded(13), new Error("disk I/O error"), "unable to open"]) {
    expect(isNotWritable(error)).toBe(false);
  }
});
