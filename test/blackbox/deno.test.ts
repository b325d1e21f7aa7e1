import { COMMANDS } from "../support/gatewayprocess.ts";
import { createSpoolStore, createStreamStore } from "./stores.ts";
import { describeGateway } from "./suite.ts";
import type { Runtime } from "./world.ts";

const DENO: Runtime = {
  name: "Deno",
  command: COMMANDS.deno,
  refuses: { missingHost: null, url70kB: 400, invalidUtf8: 400, brokenChunk: null },
  pipelinesPending: true,
};

describeGateway(DENO, createSpoolStore());
describeGateway(DENO, createStreamStore());
