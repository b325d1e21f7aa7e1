// The configuration file's schema, and what is wrong with a file in words. Knows no path on disk and no route.
import { type Static, Type } from "@sinclair/typebox";
import { type ValueError, ValueErrorType } from "@sinclair/typebox/errors";
import { Value } from "@sinclair/typebox/value";
import { EVENT_TYPES } from "../pixel/schema.ts";
import { SUBJECT_TOKEN } from "./subject.ts";

const choice = <const T extends string>(values: readonly T[], description: string) =>
  Type.Optional(
    Type.Unsafe<T>(
      Type.Union(
        values.map((value) => Type.Literal(value)),
        { description },
      ),
    ),
  );
const MAX_TOKEN_LENGTH = 64;
const token = (description: string) =>
  Type.String({ description, pattern: SUBJECT_TOKEN.source, maxLength: MAX_TOKEN_LENGTH });
const enabled = Type.Optional(Type.Boolean({ description: "Default: true", default: true }));

/** The schema of the configuration file; `pixelgate schema config` prints it. */
export const ConfigFile = Type.Object(
  {
    $schema: Type.Optional(Type.String({ description: "Path of this schema, for an editor" })),
    sources: Type.Array(
      Type.Object(
        {
          id: token("Id of the source, in events and metrics"),
          writeKey: Type.String({
            description: "What a pixel sends as `writeKey`",
            minLength: 1,
            maxLength: 255,
            pattern: "^\\S(.*\\S)?$",
          }),
          destinations: Type.Array(Type.String(), { description: "Ids of destinations", uniqueItems: true }),
          enabled,
          anonymousId: choice(
            ["assign", "cookie", "reject"],
            "Without anonymousId and userId: assign a new id (default), keep one in a cookie, or refuse",
          ),
          reply: choice(["gif", "text"], "Body of every answer. Default: what the client can show"),
          ip: choice(
            ["keep", "truncate", "drop"],
            "Client address: keep (default), cut to /24 or /48, or drop",
          ),
          privacySignals: choice(
            ["flag", "anonymise", "drop"],
            "Sec-GPC: 1 and DNT: 1: flag the event (default), remove who it is, or drop it",
          ),
          bots: choice(["flag", "drop"], "Bots: flag the event (default) or drop it"),
          dedupe: choice(["messageId"], "Take the client's messageId as the id that deduplicates"),
          rateLimit: Type.Optional(
            Type.Integer({ description: "Events per second; past it 429", minimum: 1, maximum: 1_000_000 }),
          ),
        },
        { additionalProperties: false },
      ),
      { minItems: 1 },
    ),
    destinations: Type.Array(
      Type.Object(
        {
          id: token("Id of the destination, a token of its subjects"),
          enabled,
          events: Type.Optional(
            Type.Array(Type.Union(EVENT_TYPES.map((type) => Type.Literal(type))), {
              description: "Types it takes. Default: all",
              minItems: 1,
              uniqueItems: true,
            }),
          ),
        },
        { additionalProperties: false },
      ),
      { minItems: 1 },
    ),
  },
  { $id: "pixelgate/config", title: "Pixelgate configuration", additionalProperties: false },
);

/** The content of a file without a fault. */
export type ConfigFile = Static<typeof ConfigFile>;

/** Checks the content of a configuration file. Returns it as it is, or every fault, each with its path in the file. */
export function checkConfigFile(content: unknown): ConfigFile | string[] {
  const faults = new Map<string, string>();
  for (const error of Value.Errors(ConfigFile, content)) {
    const path = writePath(error.path);
    if (!faults.has(path)) faults.set(path, `${path}: ${describe(error)}`);
  }
  const sources = readItems(content, "sources");
  const destinations = readItems(content, "destinations");
  const all = [
    ...faults.values(),
    ...findRepeats(sources, "sources", "id"),
    ...findRepeats(sources, "sources", "writeKey"),
    ...findRepeats(destinations, "destinations", "id"),
    ...findStrangers(sources, destinations),
  ];
  return all.length === 0 && Value.Check(ConfigFile, content) ? content : all;
}

/** The items of a list, however faulty: a fault of shape in one place must not hide those of another. */
function readItems(content: unknown, list: "sources" | "destinations"): Record<string, unknown>[] {
  const items: unknown = Object(content)[list];
  return Array.isArray(items) ? items.map((item) => Object(item)) : [];
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
  if (schema.pattern !== undefined && typeof error.value === "string") {
    return "must not be empty, nor begin or end with a space";
  }
  return `${error.message.charAt(0).toLowerCase()}${error.message.slice(1)}`;
}

function findRepeats(items: readonly Record<string, unknown>[], list: string, key: string): string[] {
  const first = new Map<unknown, number>();
  const faults: string[] = [];
  for (const [index, item] of items.entries()) {
    const value = item[key];
    const before = first.get(value);
    if (value === undefined) continue;
    if (before === undefined) first.set(value, index);
    else faults.push(`${list}[${index}].${key}: is the same as ${list}[${before}].${key}`);
  }
  return faults;
}

function findStrangers(
  sources: readonly Record<string, unknown>[],
  destinations: readonly Record<string, unknown>[],
): string[] {
  const known = new Set(destinations.map((destination) => destination.id));
  return sources.flatMap(({ destinations: ids }, index) =>
    (Array.isArray(ids) ? ids : []).flatMap((id: unknown, position) =>
      typeof id !== "string" || known.has(id)
        ? []
        : [`sources[${index}].destinations[${position}]: no destination has the id ${JSON.stringify(id)}`],
    ),
  );
}
