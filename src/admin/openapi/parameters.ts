// The query parameters of a pixel route: names and texts come from the event schemas alone.
import { Kind, OptionalKind, type TObject, type TSchema } from "@sinclair/typebox";
import { EVENT_SCHEMAS, type EventType } from "../../pixel/schema.ts";
import type { Json } from "./json.ts";

/** Fields of an event that no parameter can set. */
const SET_BY_GATEWAY = new Set(["type", "integrations", "receivedAt", "request_ip", "context.gateway"]);

const amp: readonly (readonly [string, string])[] = [
  ["writeKey", "demo"],
  ["context.library.name", "Rudderstack AMP SDK"],
  ["context.library.version", "1.0.0"],
  ["context.platform", "AMP"],
  ["anonymousId", "amp-QFvj3pL0xZ1k2Yc8hW5b7A"],
  ["context.locale", "en-us"],
  ["context.userAgent", "Mozilla/5.0 (Linux; Android 14; Pixel 8)"],
  ["context.page.path", "/pricing"],
  ["context.page.url", "https://www.example.com/pricing"],
  ["context.page.referrer", "https://www.example.org/"],
  ["context.page.title", "Pricing"],
  ["context.screen.width", "412"],
  ["context.screen.height", "915"],
];

/** The two calls of RudderStack's Pixel API page, filled in: what its AMP configuration sends. */
const SAMPLE_CALLS: Readonly<Record<EventType, readonly (readonly [string, string])[]>> = {
  page: [
    ...amp,
    ["properties.path", "/pricing"],
    ["properties.url", "https://www.example.com/pricing"],
    ["properties.referrer", "https://www.example.org/"],
    ["properties.title", "Pricing"],
    ["name", "Pricing"],
  ],
  track: [...amp, ["event", "Plan chosen"]],
};

/** The target of a sample call. */
export function sampleTarget(type: EventType): string {
  const pairs = SAMPLE_CALLS[type].map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
  return `/pixel/v1/${type}?${pairs.join("&")}`;
}

/** Every parameter of a pixel route; those of its sample call have their value as example. */
export function pixelParameters(type: EventType): Json[] {
  const writeKey = {
    name: "writeKey",
    in: "query",
    required: true,
    description: "Write key of the source; removed from the event",
    schema: { type: "string" },
    example: "demo",
  };
  return [writeKey, ...listParameters(EVENT_SCHEMAS[type], "", new Map(SAMPLE_CALLS[type]))];
}

/** Every parameter of a schema, with its path as name; what stands open in the schema becomes a free set of names. */
function listParameters(schema: TObject, path: string, examples: ReadonlyMap<string, string>): Json[] {
  const parameters: Json[] = [];
  for (const [key, field] of Object.entries<TSchema>(schema.properties)) {
    const name = path + key;
    if (SET_BY_GATEWAY.has(name)) continue;
    if (field[Kind] === "Object") {
      parameters.push(...listParameters(field as TObject, `${name}.`, examples));
      // The named objects of the context have the keys they name; those without, and properties, have any.
      if (Object.keys(field.properties).length === 0 || name === "properties") {
        parameters.push(freeParameter(name, String(field.description)));
      }
      continue;
    }
    const example = examples.get(name);
    parameters.push({
      name,
      in: "query",
      // What the schema requires and the gateway fills in is no duty of the client: only a track's `event` is.
      required: name === "event" && !(OptionalKind in field),
      description: field.description,
      schema: plain(field),
      ...(example === undefined ? {} : { example }),
    });
  }
  return parameters;
}

/** Any number of keys below a path. An exploded form parameter has the keys of its object for names. */
function freeParameter(path: string, description: string): Json {
  return {
    name: path,
    in: "query",
    required: false,
    style: "form",
    explode: true,
    description: `${description}. Any key as \`${path}.<key>\``,
    schema: {
      type: "object",
      propertyNames: { pattern: `^${path.replaceAll(".", "\\.")}\\.` },
      additionalProperties: { type: "string" },
    },
  };
}

/** A schema as plain JSON, without the description that stands beside it. */
function plain(schema: TSchema): Json {
  const { description: _description, ...rest } = schema;
  return rest;
}
