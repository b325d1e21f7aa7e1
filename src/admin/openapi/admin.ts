// The routes of the admin port, as OpenAPI paths.
import { OUTCOME_NAMES } from "../../observe/observer.ts";
import { EVENT_TYPES } from "../../pixel/schema.ts";
import { type Json, json, ref, text } from "./json.ts";
import { sampleTarget } from "./parameters.ts";

function path(operationId: string, summary: string, responses: Json, parameters: Json[] = []): Json {
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

/** Every route of the admin port by its path. */
export function adminPaths(): Json {
  const ok = { "200": { description: "Alive", content: text("OK") } };
  const object = { type: "object" };
  const found = (description: string, content: Json): Json => ({ "200": { description, content } });
  return {
    "/livez": path("livez", "Whether the process lives", ok),
    "/readyz": path("readyz", "Whether events may be sent here", {
      "200": { description: "Ready", content: text("OK") },
      "503": {
        description: "Not ready; each line is one reason",
        content: text("spool is full: it takes no event"),
      },
    }),
    "/version": path("version", "The version", found("The version", text("0.1.0"))),
    "/metrics": path("metrics", "Metrics for Prometheus", found("Prometheus text format", text())),
    "/status.json": path("status", "Totals and the state of delivery", found("The state", json(object))),
    "/sources.json": path("sources", "Sources with their write keys", found("The sources", json(object))),
    "/openapi.json": path("openapi", "This document", found("OpenAPI 3.1", json(object))),
    "/explain": path(
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
    "/live": path(
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
        query("outcome", "Outcomes; accepted: published or spooled", choices(OUTCOME_NAMES)),
      ],
    ),
  };
}
