import { expect, test } from "bun:test";
import { Elysia } from "elysia";
import { listen } from "../../src/process/listen.ts";
import { StartError } from "../../src/process/starterror.ts";

const OPTIONS = { host: "127.0.0.1", port: 8080, reusePort: false };

/** What is thrown when the runtime cannot listen for this reason. */
function thrownFor(reason: unknown): unknown {
  const refuse = () => {
    throw reason;
  };
  try {
    listen({ listen: refuse }, new Elysia(), "PORT", OPTIONS);
  } catch (error) {
    return error;
  }
  return null;
}

const FAULTS: readonly [code: string | undefined, words: string][] = [
  ["EADDRINUSE", "the port is in use; set PORT to another"],
  ["EACCES", "permission denied"],
  ["EADDRNOTAVAIL", "the runtime's words"],
  [undefined, "the runtime's words"],
];
for (const [code, words] of FAULTS) {
  test(`listen says "${words}" for ${code ?? "an error without a code"}, and keeps the cause`, () => {
    const reason = Object.assign(new Error("the runtime's words"), code === undefined ? {} : { code });
    const error = thrownFor(reason);
    expect(error).toBeInstanceOf(StartError);
    expect(error).toMatchObject({
      name: "StartError",
      message: `Cannot listen on 127.0.0.1:8080: ${words}`,
      code: 1,
    });
    expect((error as StartError).cause).toBe(reason);
  });
}
