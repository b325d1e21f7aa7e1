// The page and track events: their schemas, static types and compiled checks. The one source of the
// check of each built event, the OpenAPI parameters and the JSON Schema that operators read.
import { FormatRegistry, type Static, type TObject, Type } from "@sinclair/typebox";
import { TypeCompiler } from "@sinclair/typebox/compiler";

/** The calls of the Pixel API, named as in its routes. */
export const EVENT_TYPES = ["page", "track"] as const;

/** One of the calls. */
export type EventType = (typeof EVENT_TYPES)[number];

/** Whether a value from outside is one of the types. */
export function isEventType(value: unknown): value is EventType {
  return EVENT_TYPES.some((type) => type === value);
}

const FLAGS = ["bot", "mail-proxy", "prefetch", "gpc", "dnt"] as const;

/** What the gateway saw of a client, as a flag on the event. */
export type Flag = (typeof FLAGS)[number];

// Every timestamp is written by the gateway in one form, 2026-11-23T10:00:00.000Z; its length and last letter tell it.
FormatRegistry.Set("date-time", (value) => value.length === 24 && value.endsWith("Z"));

const text = (description: string) => Type.Optional(Type.String({ description }));
const instant = (description: string) => Type.String({ description, format: "date-time" });
const facts = (description: string) => Type.Optional(Type.Object({}, { description }));

/** The four page facts that RudderStack accepts in `context.page` and, on a page event, in `properties`. */
export const PAGE_FACTS = ["path", "url", "referrer", "title"] as const;

const pageFacts = {
  path: text("Path of the page, such as `/pricing`"),
  url: text("Address of the page. Default: the `Referer` header"),
  referrer: text("Address of the page before this one"),
  title: text("Title of the page"),
};

const Context = Type.Object({
  page: Type.Optional(
    Type.Object({ ...pageFacts, search: text("Query of the page's address") }, { description: "The page" }),
  ),
  library: Type.Optional(
    Type.Object(
      {
        name: text("Name of the sending library, such as `Rudderstack AMP SDK`"),
        version: text("Its version"),
      },
      { description: "The sending library" },
    ),
  ),
  screen: Type.Optional(
    Type.Object(
      { width: text("Screen width, pixels"), height: text("Screen height, pixels") },
      { description: "The visitor's screen" },
    ),
  ),
  platform: text("Platform, such as `AMP`"),
  locale: text("Language tag. Default: the first tag of `Accept-Language`"),
  userAgent: text("User agent. Default: the `User-Agent` header"),
  ip: text("Client address. Default: the address the gateway sees"),
  traits: facts("What is known of the visitor"),
  campaign: facts("The campaign: `name`, `source`, `medium`, `term`, `content`"),
  app: facts("The app"),
  device: facts("The device"),
  network: facts("The network"),
  os: facts("The operating system"),
  gateway: Type.Object(
    {
      sourceId: Type.String({ description: "Id of the source whose write key was given" }),
      identity: Type.Union([Type.Literal("client"), Type.Literal("cookie"), Type.Literal("assigned")], {
        description: "Where the identity comes from",
      }),
      flags: Type.Array(Type.Union(FLAGS.map((flag) => Type.Literal(flag))), {
        description: "What the gateway noticed about the client",
      }),
    },
    { description: "What the gateway saw; a client's value is replaced" },
  ),
});

const common = {
  anonymousId: text("Id of a visitor who is not known; one pair of surrounding quotes is stripped"),
  userId: text("Id of a known user"),
  channel: Type.String({ description: "Channel. Default: `web`" }),
  context: Context,
  integrations: Type.Object(
    { All: Type.Literal(true) },
    { description: 'Always `{"All": true}`: the Pixel API does not override it' },
  ),
  messageId: Type.String({ description: "Id of the event, up to 255 characters. Default: a new UUID" }),
  originalTimestamp: instant("When the event happened, ISO 8601. Default: now"),
  sentAt: instant("When the client sent it, ISO 8601. Default: now"),
  receivedAt: instant("When the gateway received it; set by the gateway"),
  timestamp: instant(
    "When it happened by the gateway's clock. Default: receivedAt − (sentAt − originalTimestamp)",
  ),
  request_ip: text("Client address the gateway saw; set by the gateway"),
};

/** A page view, as a subscriber receives it. Source: RudderStack Pixel API and event specification. */
export const PageEvent = Type.Object(
  {
    type: Type.Literal("page"),
    name: text("Name of the page; present but empty: `Unknown Page`"),
    ...common,
    properties: Type.Optional(
      Type.Object(pageFacts, { description: "The event's own keys, and the facts of the page" }),
    ),
  },
  { $id: "pixelgate/page", title: "Page event" },
);

/** A user's action, as a subscriber receives it. Source: RudderStack Pixel API and event specification. */
export const TrackEvent = Type.Object(
  {
    type: Type.Literal("track"),
    event: Type.String({ description: "Name of the action", minLength: 1 }),
    ...common,
    properties: Type.Optional(Type.Object({}, { description: "The event's own keys" })),
  },
  { $id: "pixelgate/track", title: "Track event" },
);

/** A page event. */
export type PageEvent = Static<typeof PageEvent>;

/** A track event. */
export type TrackEvent = Static<typeof TrackEvent>;

/** The schema of each event type. */
export const EVENT_SCHEMAS = { page: PageEvent, track: TrackEvent } as const satisfies Record<
  EventType,
  TObject
>;

const checks = { page: TypeCompiler.Compile(PageEvent), track: TypeCompiler.Compile(TrackEvent) };

/** Checks a built event; null when it fits, else a reason that names the field: `context.page must be an object`. */
export function checkEvent(type: EventType, event: unknown): string | null {
  const check = checks[type];
  if (check.Check(event)) return null;
  const error = check.Errors(event).First();
  if (error === undefined) return "event does not fit its schema";
  const field = error.path.slice(1).replaceAll("/", ".").replaceAll("~1", "/").replaceAll("~0", "~");
  const kind: unknown = error.schema.type;
  return kind === "object"
    ? `${field} must be an object`
    : `${field} must be a ${String(kind ?? "valid value")}`;
}
