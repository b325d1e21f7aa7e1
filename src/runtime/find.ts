// Chooses the runtime; loads no other.
import type { Runtime } from "./runtime.ts";

/** The runtime this process stands on. */
export async function findRuntime(): Promise<Runtime> {
  if ("Deno" in globalThis) return (await import("./deno.ts")).deno;
  return (await import("./bun.ts")).bun;
}
