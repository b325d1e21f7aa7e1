import { COMMANDS } from "../support/gatewayprocess.ts";
import { createSpoolStore, createStreamStore } from "./stores.ts";
import { describeGateway } from "./suite.ts";
import type { Runtime } from "./world.ts";

const BUN: Runtime = {
  name: "Bun",
  command: COMMANDS.bun,
  refuses: { missingHost: 400, url70kB: null, invalidUtf8: null, brokenChunk: 400 },
  pipelinesPending: false,
};

describeGateway(BUN, createSpoolStore());
describeGateway(BUN, createStreamStore());
