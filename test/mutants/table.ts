// All mutants. A place is a piece of code that occurs once in its file.
import { ADMIN } from "./admin.ts";
import { BOUNDS } from "./bounds.ts";
import { CONFIG } from "./config.ts";
import { CONNECTION } from "./connection.ts";
import { DATA_DIR } from "./datadir.ts";
import { DELIVERY } from "./delivery.ts";
import { GATE_MUTANTS } from "./gates.ts";
import type { Mutant } from "./mutant.ts";
import { NATS_MUTANTS } from "./nats.ts";
import { OBSERVE } from "./observe.ts";
import { PAGE } from "./page.ts";
import { PLAN_PARTS } from "./planparts.ts";
import { PLANS } from "./plans.ts";
import { PROCESS } from "./process.ts";
import { RELAYING } from "./relay.ts";
import { SERVER } from "./server.ts";
import { SPOOL_FILE } from "./spool.ts";
import { STREAMS } from "./streams.ts";
import { WIRE } from "./wire.ts";

export const MUTANTS: readonly Mutant[] = [
  ...ADMIN,
  ...BOUNDS,
  ...CONFIG,
  ...CONNECTION,
  ...DATA_DIR,
  ...DELIVERY,
  ...GATE_MUTANTS,
  ...NATS_MUTANTS,
  ...OBSERVE,
  ...PAGE,
  ...PLAN_PARTS,
  ...PLANS,
  ...PROCESS,
  ...RELAYING,
  ...SERVER,
  ...STREAMS,
  ...SPOOL_FILE,
  ...WIRE,
];
