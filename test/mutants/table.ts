// All mutants. A place is a piece of code that occurs once in its file.
import { DELIVERY } from "./delivery.ts";
import type { Mutant } from "./mutant.ts";
import { PROCESS } from "./process.ts";
import { SERVER } from "./server.ts";

export const MUTANTS: readonly Mutant[] = [...DELIVERY, ...PROCESS, ...SERVER];
