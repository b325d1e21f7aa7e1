// Starts what one would write instead, on Bun as it stands and on Node without its types, which older ones do not read.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PORT_LINE, type Server, startProgram } from "../servers.ts";

/** Where its imports find the project's packages. */
const FOLDER = join(import.meta.dir, "../../../dist/rivals");

export interface Rival {
  readonly name: string;
  readonly file: "elysia.ts" | "fastify.ts" | "node.ts";
  readonly runtime: "bun" | "node";
}

/** Each with what its own documentation suggests. */
export const RIVALS: readonly Rival[] = [
  { name: "Elysia on Bun", file: "elysia.ts", runtime: "bun" },
  { name: "Fastify on Bun", file: "fastify.ts", runtime: "bun" },
  { name: "Fastify on Node", file: "fastify.ts", runtime: "node" },
  { name: "node:http on Bun", file: "node.ts", runtime: "bun" },
  { name: "node:http on Node", file: "node.ts", runtime: "node" },
];

/** The version of the Node on the PATH; null where there is none, or Bun under its name. */
export function nodeVersion(): string | null {
  const program = Bun.which("node");
  if (program === null) return null;
  const { bun, node } = JSON.parse(
    execFileSync(program, ["-p", "JSON.stringify(process.versions)"], { encoding: "utf8" }),
  );
  return bun === undefined ? node : null;
}

/** Starts it with the stream of a gateway that runs on the same NATS server. */
export function startRival({ file, runtime }: Rival, natsUrl: string): Promise<Server> {
  const source = join(import.meta.dir, file);
  if (runtime === "bun") return startProgram(process.execPath, [source], { NATS_URL: natsUrl }, PORT_LINE);
  mkdirSync(FOLDER, { recursive: true });
  for (const each of [file, "event.ts"]) transpile(each);
  return startProgram("node", [join(FOLDER, scriptOf(file))], { NATS_URL: natsUrl }, PORT_LINE);
}

function transpile(file: string): void {
  const source = readFileSync(join(import.meta.dir, file), "utf8").replace(
    "./event.ts",
    scriptOf("./event.ts"),
  );
  writeFileSync(join(FOLDER, scriptOf(file)), new Bun.Transpiler({ loader: "ts" }).transformSync(source));
}

function scriptOf(file: string): string {
  return file.replace(".ts", ".js");
}
