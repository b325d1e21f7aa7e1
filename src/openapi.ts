// The OpenAPI document of both ports. Its parameters and their texts come from the event schemas alone.
import { Kind, OptionalKind, type TObject, type TSchema } from "@sinclair/typebox";
import { EVENT_SCHEMAS, EVENT_TYPES, type EventType, PageEvent, TrackEvent } from "./pixel/event.ts";

type Json = Record<string, unknown>;

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
export const SAMPLE_CALLS: Readonly<Record<EventType, readonly (readonly [string, string])[]>> = {
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

function sampleTarget(type: EventType): string {
  const pairs = SAMPLE_CALLS[type].map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
  return `/pixel/v1/${type}?${pairs.join("&")}`;
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

const text = (example?: string): Json => ({
  "text/plain": { schema: { type: "string" }, ...(example === undefined ? {} : { example }) },
});
const gif: Json = { "image/gif": { schema: { type: "string", contentEncoding: "binary" } } };
const json = (schema: Json): Json => ({ "application/json": { schema } });
const header = (description: string): Json => ({ description, schema: { type: "string" } });

const errorHeader = { "X-Pixelgate-Error": header("The reason, where the body is the GIF") };
const retry = {
  "Retry-After": { description: "Seconds to wait", schema: { type: "integer" } },
  ...errorHeader,
};
const commonHeaders = {
  "Cache-Control": header("Never cached"),
  "Access-Control-Allow-Origin": header("Always `*`, never with credentials"),
  "Cross-Origin-Resource-Policy": header("Always `cross-origin`"),
};

function answer(description: string, content: Json, headers: Json = {}): Json {
  return { description, headers: { ...commonHeaders, ...headers }, content };
}

function pixelAnswers(isGif: boolean, refusal: string): Json {
  const body = (example: string) => (isGif ? gif : { ...text(example), ...gif });
  return {
    "200": answer("The event is safe, or dropped by the operator's own policy", body("OK"), {
      "X-Pixelgate-Dropped": header("`bot`, `gpc` or `dnt` when it was dropped"),
      "Set-Cookie": header("The visitor's id, where the source keeps one in a cookie"),
    }),
    "400": answer("Refused; the reason is one line", body(refusal), errorHeader),
    "414": answer("The URL is too long", body("request target too long: more than 16384 bytes"), errorHeader),
    "429": answer("The source is over its rate", body("source is over its rate limit"), retry),
    "503": answer(
      "The gateway cannot keep the event now",
      body("event cannot be kept now: try again"),
      retry,
    ),
  };
}

function pixelPath(type: EventType, isGif: boolean): Json {
  const parameters = [
    {
      name: "writeKey",
      in: "query",
      required: true,
      description: "Write key of the source; removed from the event",
      schema: { type: "string" },
      example: "demo",
    },
    ...listParameters(EVENT_SCHEMAS[type], "", new Map(SAMPLE_CALLS[type])),
  ];
  const suffix = isGif ? "Gif" : "";
  const refusal =
    type === "track" ? "track: Mandatory field 'event' missing" : "failed to read writekey from query params";
  const title = type === "page" ? "Take a page view" : "Take an action";
  return {
    get: {
      operationId: `${type}${suffix}`,
      tags: ["Pixel API"],
      summary: isGif ? `${title}; the body is always the GIF` : title,
      description: `For example \`${sampleTarget(type)}\`. A key with dots is a path into the event; keys that are not listed are kept where their path says.`,
      parameters,
      responses: pixelAnswers(isGif, refusal),
    },
    head: {
      operationId: `${type}${suffix}Head`,
      tags: ["Pixel API"],
      summary: "The headers of a GET; no event",
      responses: { "200": { description: "Nothing was taken" } },
    },
    options: {
      operationId: `${type}${suffix}Options`,
      tags: ["Pixel API"],
      summary: "What a page of another site may send",
      responses: { "204": { description: "Any site may send a pixel" } },
    },
  };
}

function adminPath(operationId: string, summary: string, responses: Json, parameters: Json[] = []): Json {
  const get = { operationId, tags: ["Admin"], summary, parameters, responses };
  return { servers: [{ url: "/", description: "The admin port" }], get };
}

const query = (
  name: string,
  description: string,
  schema: Json,
  required = false,
  example?: unknown,
): Json => ({
  name,
  in: "query",
  required,
  description,
  schema,
  ...(example === undefined ? {} : { example }),
});
const strings = { type: "array", items: { type: "string" } };
const choices = (values: readonly string[]): Json => ({
  type: "array",
  items: { type: "string", enum: values },
});
const OUTCOMES = ["accepted", "published", "spooled", "failed", "rejected", "dropped"];

function adminPaths(): Json {
  const ok = { "200": { description: "Alive", content: text("OK") } };
  const object = { type: "object" };
  const found = (description: string, content: Json): Json => ({ "200": { description, content } });
  return {
    "/livez": adminPath("livez", "Whether the process lives", ok),
    "/readyz": adminPath("readyz", "Whether events may be sent here", {
      "200": { description: "Ready", content: text("OK") },
      "503": {
        description: "Not ready; each line is one reason",
        content: text("spool is full: it takes no event"),
      },
    }),
    "/version": adminPath("version", "The version", found("The version", text("0.1.0"))),
    "/metrics": adminPath("metrics", "Metrics for Prometheus", found("Prometheus text format", text())),
    "/status.json": adminPath("status", "Totals and the state of delivery", found("The state", json(object))),
    "/sources.json": adminPath(
      "sources",
      "Sources with their write keys",
      found("The sources", json(object)),
    ),
    "/openapi.json": adminPath("openapi", "This document", found("OpenAPI 3.1", json(object))),
    "/explain": adminPath(
      "explain",
      "What a pixel URL would become; publishes nothing",
      {
        "200": { description: "The event, or the refusal", content: json(ref("Explanation")) },
        "400": { description: "The question cannot be read", content: json(object) },
      },
      [
        query("url", "URL, path or target", { type: "string" }, true, sampleTarget("page")),
        query("header", "A header it would come with, `Name: value`; repeatable", strings),
        query("peer", "The address it would come from", { type: "string" }),
      ],
    ),
    "/live": adminPath(
      "live",
      "Requests as they happen, as server-sent events",
      {
        "200": {
          description: "A `message` per request; `gap` with the number of those left out",
          content: { "text/event-stream": { schema: { type: "string" } } },
        },
        "400": { description: "The filter cannot be read", content: text() },
        "503": { description: "Too many viewers", content: text() },
      },
      [
        query("source", "Ids of sources; empty: requests without a valid write key", strings),
        query("destination", "Ids of destinations", strings),
        query("type", "Types", choices(EVENT_TYPES)),
        query("outcome", "Outcomes; accepted: published or spooled", choices(OUTCOMES)),
      ],
    ),
  };
}

const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });

function componentOf(schema: TObject): Json {
  const { $id: _id, ...rest } = schema;
  return rest;
}

/** The OpenAPI 3.1 document; `publicUrl` is where the public port answers. */
export function createOpenApi(version: string, publicUrl: string): Json {
  const nullable = (type: string): Json => ({ type: [type, "null"] });
  const pixelPaths = EVENT_TYPES.flatMap((type) => [
    [`/pixel/v1/${type}`, pixelPath(type, false)] as const,
    [`/pixel/v1/${type}.gif`, pixelPath(type, true)] as const,
  ]);
  return {
    openapi: "3.1.0",
    info: {
      title: "Pixelgate",
      version,
      description: "Tracking pixels in, events out. Compatible with the RudderStack Pixel API.",
    },
    servers: [{ url: publicUrl, description: "The public port" }],
    tags: [
      { name: "Pixel API", description: "What web pages, AMP pages and e-mails send" },
      { name: "Admin", description: "For the operator, on a port of its own" },
    ],
    paths: {
      ...Object.fromEntries(pixelPaths),
      "/health": {
        get: {
          operationId: "health",
          summary: "Whether the public port answers",
          responses: { "200": { description: "It does", content: text("OK") } },
        },
      },
      ...adminPaths(),
    },
    components: {
      schemas: {
        PageEvent: componentOf(PageEvent),
        TrackEvent: componentOf(TrackEvent),
        Explanation: {
          type: "object",
          required: ["outcome", "status", "reason", "reply", "type", "source", "event", "messages"],
          properties: {
            outcome: { enum: ["accepted", "rejected", "dropped"] },
            status: { type: "integer", description: "The status of the answer" },
            reason: { ...nullable("string"), description: "Why it is refused or dropped" },
            reply: { enum: ["gif", "text"], description: "The body of the answer" },
            type: { enum: [...EVENT_TYPES, null] },
            source: nullable("string"),
            event: { oneOf: [ref("PageEvent"), ref("TrackEvent"), { type: "null" }] },
            messages: {
              type: "array",
              items: {
                type: "object",
                required: ["destination", "subject", "headers"],
                properties: {
                  destination: { type: "string" },
                  subject: { type: "string" },
                  headers: { type: "object", additionalProperties: { type: "string" } },
                },
              },
            },
            rejectedTo: { ...nullable("string"), description: "Subject of the refused request" },
          },
        },
      },
    },
  };
}
