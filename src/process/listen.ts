// Opens a port, or says in a person's words why not.
import type { AnyElysia } from "elysia";
import { reasonOf } from "../delivery/log.ts";
import type { Listener, ListenOptions, Runtime } from "../runtime/runtime.ts";
import { StartError } from "./starterror.ts";

/** Listens, or throws a `StartError` that says why not, and which setting has the port. */
export function listen(
  runtime: Pick<Runtime, "listen">,
  app: AnyElysia,
  setting: "PORT" | "ADMIN_PORT",
  options: ListenOptions,
): Listener {
  try {
    return runtime.listen(app, options);
  } catch (error) {
    const where = `${options.host}:${options.port}`;
    throw new StartError(`Cannot listen on ${where}: ${faultOf(error, setting)}`, { cause: error });
  }
}

function faultOf(error: unknown, setting: string): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") return `the port is in use; set ${setting} to another`;
  if (code === "EACCES") return "permission denied";
  return reasonOf(error);
}
