// The configuration file's schema, whole and in its parts. Knows no path on disk and no route.
import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { EVENT_TYPES } from "../pixel/schema.ts";
import { STREAM_NAME, SUBJECT_TOKEN } from "./subject.ts";

const choice = <const T extends string>(values: readonly T[], description: string) =>
  Type.Optional(
    Type.Unsafe<T>(
      Type.Union(
        values.map((value) => Type.Literal(value)),
        { description },
      ),
    ),
  );
/** The most letters of an id. */
export const MAX_TOKEN_LENGTH = 64;
/** Each is a stream that is watched. */
export const MAX_PARTITIONS = 64;
const token = (description: string) =>
  Type.String({ description, pattern: SUBJECT_TOKEN.source, maxLength: MAX_TOKEN_LENGTH });
const enabled = Type.Optional(Type.Boolean({ description: "Default: true", default: true }));

/** One source of the file. */
export const SourceItem = Type.Object(
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
    ip: choice(["keep", "truncate", "drop"], "Client address: keep (default), cut to /24 or /48, or drop"),
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
);

/** One destination of the file. */
export const DestinationItem = Type.Object(
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
    stream: Type.Optional(
      Type.String({
        description: "JetStream stream of its own, or of all that name it. Default: that of PIXELGATE_STREAM",
        pattern: STREAM_NAME.source,
        maxLength: MAX_TOKEN_LENGTH,
      }),
    ),
    maxAge: Type.Optional(Type.String({ description: "How long its stream keeps an event, such as `24h`" })),
    maxBytes: Type.Optional(Type.String({ description: "Size of its stream, such as `10GiB`, or `none`" })),
    replicas: Type.Optional(Type.Integer({ description: "Replicas of its stream", minimum: 1, maximum: 5 })),
    partitions: Type.Optional(
      Type.Integer({
        description: "Streams that its events are spread over by visitor, `<stream>_0` and on",
        minimum: 2,
        maximum: MAX_PARTITIONS,
      }),
    ),
  },
  { additionalProperties: false },
);

/** Settings that are those of a destination's stream. */
export const STREAM_SETTINGS = ["maxAge", "maxBytes", "replicas", "partitions"] as const;

/** One destination of a file without a fault. */
export type DestinationItem = Static<typeof DestinationItem>;

/** The file around its items. */
const file = <S extends TSchema, D extends TSchema>(source: S, destination: D) =>
  Type.Object(
    {
      $schema: Type.Optional(Type.String({ description: "Path of this schema, for an editor" })),
      sources: Type.Array(source, { minItems: 1 }),
      destinations: Type.Array(destination, { minItems: 1 }),
    },
    { $id: "pixelgate/config", title: "Pixelgate configuration", additionalProperties: false },
  );

/** The schema of the configuration file; `pixelgate schema config` prints it. */
export const ConfigFile = file(SourceItem, DestinationItem);

/** The file without its items, which may be anything. */
export const FileShell = file(Type.Unknown(), Type.Unknown());

/** The content of a file without a fault. */
export type ConfigFile = Static<typeof ConfigFile>;
