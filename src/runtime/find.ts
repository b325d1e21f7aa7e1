// Which runtime this process stands on.
import type { Runtime } from "./runtime.ts";

/** The runtime this process stands on. */
export async function findRuntime(): Promise<Runtime> {
  if ("Deno" in globalThis) return (await import("./deno.ts")).denoRuntime;
  return (await import("./bun.ts")).bun;
}
