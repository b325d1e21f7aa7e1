// Reads a file that a setting names: a certificate, a key, a seed. Tells neither its path nor what is in it.
import { readFileSync } from "node:fs";
import { NatsError } from "./fault.ts";

/** The content of a setting's file. Throws a `NatsError` that names the setting and the system's code. */
export function readSettingFile(path: string, setting: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code = "an error of the system" } = error as NodeJS.ErrnoException;
    throw new NatsError(`the file of ${setting} cannot be read: ${code}`, { cause: error });
  }
}
