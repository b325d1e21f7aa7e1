// The deployment's files, read by real parsers, and the shapes they must have: a key that is not known here is a typo.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Static, type TProperties, type TSchema, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";

export const ROOT = join(import.meta.dirname, "../..");

/** The text of a file of the project. */
export function readText(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** An object with these keys and no other. */
export function strict<P extends TProperties>(properties: P) {
  return Type.Object(properties, { additionalProperties: false });
}

/** A value as the shape's type, or an error that names every place where it is not. */
export function checkShape<S extends TSchema>(shape: S, value: unknown): Static<S> {
  const faults = [...Value.Errors(shape, value)].map(({ path, message }) => `${path}: ${message}`);
  if (faults.length > 0) throw new Error(`Cannot use the file:\n${faults.join("\n")}`);
  return value as Static<S>;
}

/** Every document of a YAML file of the project. */
export function readYaml(path: string): unknown[] {
  const content: unknown = Bun.YAML.parse(readText(path));
  return Array.isArray(content) ? content : [content];
}

/** Whether a command ends well: of a tool that is here, the one that asks for its version does. */
export function isHere(...command: readonly string[]): boolean {
  const [program = "", ...args] = command;
  return spawnSync(program, args, { stdio: "ignore" }).status === 0;
}

/** Runs a tool in the project's folder; throws with what it printed when it fails. */
export function runTool(command: readonly string[], env: Record<string, string> = {}): string {
  const [program = "", ...args] = command;
  return execFileSync(program, args, {
    cwd: ROOT,
    encoding: "utf8",
    stdio: "pipe",
    env: { ...process.env, ...env },
  });
}
