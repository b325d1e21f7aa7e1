// The OpenAPI document of both ports.
import type { TObject } from "@sinclair/typebox";
import { EVENT_TYPES, PageEvent, TrackEvent } from "../../pixel/schema.ts";
import { adminPaths, SECURITY_SCHEMES } from "./admin.ts";
import { type Json, ref, text } from "./json.ts";
import { pixelPath } from "./pixel.ts";
import { STATUS_SCHEMA } from "./status.ts";

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
      securitySchemes: SECURITY_SCHEMES,
      schemas: {
        PageEvent: componentOf(PageEvent),
        TrackEvent: componentOf(TrackEvent),
        Status: STATUS_SCHEMA,
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
                required: ["destination", "subject", "stream", "headers"],
                properties: {
                  destination: { type: "string" },
                  subject: { type: "string" },
                  stream: { type: "string" },
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
