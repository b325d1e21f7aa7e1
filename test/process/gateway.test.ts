import { expect, test } from "bun:test";
import { join } from "node:path";
import { DEMO } from "../../src/config/configuration.ts";
import { readConfig } from "../../src/config/environment.ts";
import { SpoolError } from "../../src/delivery/spool/fault.ts";
import { openGateway } from "../../src/process/gateway.ts";
import { StartError } from "../../src/process/starterror.ts";
import { bun } from "../../src/runtime/bun.ts";
import { resolved } from "../support/configuration.ts";
import { recordLog } from "../support/parts.ts";

test("openGateway throws a StartError that keeps the SpoolError when no event can be kept", () => {
  const config = readConfig({ PIXELGATE_DATA_DIR: join(import.meta.path, "data"), PORT: "0" });
  if (Array.isArray(config)) throw new Error(config.join("\n"));
  const log = { debug() {}, ...recordLog() };
  const liveSink = { isWatched: false, show() {} };
  const open = () => openGateway(config, resolved(DEMO), bun, log, liveSink, null);
  expect(open).toThrow(StartError);
  try {
    open();
  } catch (error) {
    expect(error).toMatchObject({ name: "StartError", code: 1 });
    expect((error as StartError).cause).toBeInstanceOf(SpoolError);
    expect((error as StartError).message).toStartWith(`Cannot create the data directory "${config.dataDir}"`);
  }
});
