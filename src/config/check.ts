// What is wrong with the content of a configuration file, in words. A file may hold 200,000 sources: each item is looked
// at by a compiled check, in steps, and by the slow one that tells what is wrong only where that says no.
import { type TArray, type TObject, type TSchema, Type } from "@sinclair/typebox";
import { type TypeCheck, TypeCompiler } from "@sinclair/typebox/compiler";
import { type ValueError, ValueErrorType } from "@sinclair/typebox/errors";
import { Value } from "@sinclair/typebox/value";
import { findStreamFaults, type TellFault } from "./checkstreams.ts";
import { type ConfigFile, DestinationItem, FileShell, MAX_TOKEN_LENGTH, SourceItem } from "./schema.ts";
import { type Steps, stepwise } from "./steps.ts";
import { STREAM_NAME, SUBJECT_TOKEN } from "./subject.ts";

type Item = Readonly<Record<string, unknown>>;

/** What is looked for in the items of one list. */
interface ItemCheck {
  readonly schema: TObject;
  /** The schema without `uniqueItems`, which hashes each item letter by letter: 30 times slower than a set. */
  readonly quick: TypeCheck<TSchema>;
  /** Lists in an item that hold nothing twice. */
  readonly lists: readonly string[];
}

const SOURCES = itemCheck(SourceItem);
const DESTINATIONS = itemCheck(DestinationItem);

function itemCheck(schema: TObject): ItemCheck {
  const lists: string[] = [];
  const properties = Object.entries(schema.properties).map(([name, property]): [string, TSchema] => {
    if (property.uniqueItems !== true) return [name, property];
    lists.push(name);
    return [name, { ...property, uniqueItems: false } as TArray];
  });
  const quick = { ...schema, properties: Object.fromEntries(properties) };
  return { schema, quick: TypeCompiler.Compile(Type.Unsafe<Item>(quick)), lists };
}

/**
 * Checks the content of a configuration file; `defaultStream` is the name of PIXELGATE_STREAM. Returns it as it is, or
 * every fault, each with its path in the file.
 */
export function* checkConfigFile(content: unknown, defaultStream: string): Steps<ConfigFile | string[]> {
  const sources = readItems(content, "sources");
  const destinations = readItems(content, "destinations");
  const faults = new Map<string, string>();
  // Of a place the first fault tells enough.
  const add: TellFault = (path, fault) => {
    if (!faults.has(path)) faults.set(path, `${path}: ${fault}`);
  };
  for (const error of Value.Errors(FileShell, content)) add(writePath(error.path), describe(error));
  yield* findMisfits(sources, "sources", SOURCES, add);
  yield* findMisfits(destinations, "destinations", DESTINATIONS, add);
  yield* findStreamFaults(destinations, defaultStream, add);
  const all = [
    ...faults.values(),
    ...(yield* findRepeats(sources, "sources", "id")),
    ...(yield* findRepeats(sources, "sources", "writeKey")),
    ...(yield* findRepeats(destinations, "destinations", "id")),
    ...(yield* findStrangers(sources, destinations)),
  ];
  // Shell and items together are the schema.
  return all.length === 0 ? (content as ConfigFile) : all;
}

/** The items of a list, however faulty: a fault of shape in one place must not hide those of another. */
function readItems(content: unknown, list: "sources" | "destinations"): readonly unknown[] {
  const items: unknown = Object(content)[list];
  return Array.isArray(items) ? items : [];
}

function* findMisfits(
  items: readonly unknown[],
  list: string,
  { schema, quick, lists }: ItemCheck,
  add: TellFault,
): Steps<void> {
  yield* stepwise(items, (item, index) => {
    if (quick.Check(item) && !lists.some((name) => hasTwins((item as Item)[name]))) return;
    for (const error of Value.Errors(schema, item))
      add(writePath(`/${list}/${index}${error.path}`), describe(error));
  });
}

function hasTwins(list: unknown): boolean {
  return Array.isArray(list) && new Set(list).size < list.length;
}

function writePath(pointer: string): string {
  const steps = pointer.split("/").slice(1);
  const path = steps.map((step) =>
    /^\d+$/.test(step) ? `[${step}]` : `.${step.replaceAll("~1", "/").replaceAll("~0", "~")}`,
  );
  return path.join("").replace(/^\./, "") || "the file";
}

function describe(error: ValueError): string {
  const { schema, type } = error;
  if (type === ValueErrorType.ObjectAdditionalProperties) return "is not a known setting";
  if (type === ValueErrorType.ObjectRequiredProperty) return "is missing";
  if (Array.isArray(schema.anyOf)) {
    return `must be ${schema.anyOf.map((option: { const: unknown }) => JSON.stringify(option.const)).join(" or ")}`;
  }
  if (schema.const !== undefined) return `must be ${JSON.stringify(schema.const)}`;
  if (schema.pattern === SUBJECT_TOKEN.source) {
    return `must be 1 to ${MAX_TOKEN_LENGTH} of A-Z a-z 0-9 _ -, and cannot begin with _`;
  }
  if (schema.pattern === STREAM_NAME.source) return `must be 1 to ${MAX_TOKEN_LENGTH} of A-Z a-z 0-9 _ -`;
  if (schema.pattern !== undefined && typeof error.value === "string") {
    return "must not be empty, nor begin or end with a space";
  }
  return `${error.message.charAt(0).toLowerCase()}${error.message.slice(1)}`;
}

function* findRepeats(items: readonly unknown[], list: string, key: string): Steps<string[]> {
  const first = new Map<unknown, number>();
  const faults: string[] = [];
  yield* stepwise(items, (item, index) => {
    const value = fieldOf(item, key);
    if (value === undefined) return;
    const before = first.get(value);
    if (before === undefined) first.set(value, index);
    else faults.push(`${list}[${index}].${key}: is the same as ${list}[${before}].${key}`);
  });
  return faults;
}

function* findStrangers(sources: readonly unknown[], destinations: readonly unknown[]): Steps<string[]> {
  const known = new Set<unknown>();
  yield* stepwise(destinations, (destination) => known.add(fieldOf(destination, "id")));
  const faults: string[] = [];
  yield* stepwise(sources, (source, index) => {
    const ids = fieldOf(source, "destinations");
    if (!Array.isArray(ids)) return;
    for (const [position, id] of ids.entries()) {
      if (typeof id !== "string" || known.has(id)) continue;
      faults.push(
        `sources[${index}].destinations[${position}]: no destination has the id ${JSON.stringify(id)}`,
      );
    }
  });
  return faults;
}

function fieldOf(item: unknown, key: string): unknown {
  return Object(item)[key];
}
