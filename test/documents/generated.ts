// What the documents take from the code: tables of the settings, of the configuration file and of the state machines.
// A document says where one stands: between `<!-- generated: <what> -->` and `<!-- end -->`.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TSchema } from "@sinclair/typebox";
import { ConfigFile } from "../../src/config/schema.ts";
import { SETTINGS, type Setting } from "../../src/config/settings.ts";
import { ROOT } from "./markdown.ts";

const PLACE = /(<!-- generated: ([^>]+) -->\n)[\s\S]*?(<!-- end -->)/g;

/** A document with its generated parts written anew. */
export function writeGenerated(text: string): string {
  return text.replace(PLACE, (_all, start: string, what: string, end: string) => {
    const lines = write(what);
    return `${start}${lines.map((line) => `${line}\n`).join("")}${end}`;
  });
}

function write(what: string): string[] {
  const [kind, path = ""] = what.split(" ");
  const { sources, destinations } = ConfigFile.properties;
  if (kind === "settings") return writeSettings();
  if (kind === "sources") return writeProperties(sources.items);
  if (kind === "destinations") return writeProperties(destinations.items);
  if (kind === "table") return readHeadTable(path);
  throw new Error(`Cannot write "${what}": nothing of that name is generated`);
}

function writeSettings(): string[] {
  const rows = Object.entries<Setting<unknown>>(SETTINGS).map(([name, { help, fallback, secret }]) => [
    code(name),
    fallback === "" ? "" : code(fallback),
    `${help}${secret === true ? " (secret)" : ""}`,
  ]);
  return writeTable(["name", "default", "meaning"], rows);
}

function writeProperties(schema: { properties: Record<string, TSchema>; required?: string[] }): string[] {
  const { properties, required = [] } = schema;
  const rows = Object.entries(properties).map(([name, property]) => [
    code(name),
    valuesOf(property),
    `${required.includes(name) ? "Required. " : ""}${property.description ?? ""}`,
  ]);
  return writeTable(["setting", "value", "meaning"], rows);
}

function valuesOf(schema: TSchema): string {
  if (Array.isArray(schema.anyOf)) {
    return schema.anyOf.map((option: TSchema) => code(JSON.stringify(option.const))).join(", ");
  }
  if (schema.const !== undefined) return code(JSON.stringify(schema.const));
  if (schema.type === "array") return `a list of ${valuesOf(schema.items as TSchema)}`;
  if (schema.type === "integer") return `${schema.minimum} to ${schema.maximum}`;
  return schema.type === "boolean" ? "`true`, `false`" : "text";
}

function writeTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)];
}

function code(text: string): string {
  return `\`${text}\``;
}

/** The table in a file's first comment, without what makes it a comment. */
function readHeadTable(path: string): string[] {
  const lines = readFileSync(join(ROOT, path), "utf8").split("\n");
  const end = lines.findIndex((line) => !/^\s*(?:\/\/|\/\*|\*)/.test(line));
  const table = lines.slice(0, end).flatMap((line) => /^\s*(?:\/\/|\*)\s*(\|.*\|)\s*$/.exec(line)?.[1] ?? []);
  if (table.length < 3) throw new Error(`Cannot take the table of ${path}: its head comment has none`);
  return table;
}
