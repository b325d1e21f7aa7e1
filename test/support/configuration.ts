// Configurations of tests, resolved.
import { type Configuration, resolveConfiguration } from "../../src/config/configuration.ts";
import { defaultStream } from "../../src/config/environment.ts";

/** A configuration without a fault, resolved; by default for the stream of an empty environment. */
export function resolved(content: unknown, stream = defaultStream()): Configuration {
  const configuration = resolveConfiguration(content, stream);
  if (Array.isArray(configuration)) throw new Error(configuration.join("\n"));
  return configuration;
}
