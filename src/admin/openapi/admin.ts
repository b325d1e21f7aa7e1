// The routes of the admin port, as OpenAPI paths.
import { OUTCOME_NAMES } from "../../observe/observer.ts";
import { EVENT_TYPES } from "../../pixel/schema.ts";
import { type Json, json, ref, text } from "./json.ts";
import { sampleTarget } from "./parameters.ts";

const servers = [{ url: "/", description: "The admin port" }];

/** A probe answers everybody. */
function probe(operationId: string, summary: string, responses: Json): Json {
  return { servers, get: { operationId, tags: ["Admin"], summary, security: [], responses } };
}

function path(operationId: string, summary: string, content: Json, parameters: Json[] = []): Json {
  const responses = {
    ...content,
    "401": { description: "`ADMIN_TOKEN` is set and was not sent", content: text() },
    "421": { description: "The host name is not in `ADMIN_ALLOWED_HOSTS`", content: text() },
  };
  // Any of these will do; the first asks for nothing, as long as no token is set.
  const security = [{}, { adminToken: [] }, { adminPassword: [] }];
  return { servers, get: { operationId, tags: ["Admin"], summary, security, parameters, responses } };
}

/** How `ADMIN_TOKEN` is sent. */
export const SECURITY_SCHEMES: Json = {
  adminToken: { type: "http", scheme: "bearer", description: "The token" },
  adminPassword: { type: "http", scheme: "basic", description: "Any user, and the token as the password" },
};

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
  const object = { type: "object" };
  const found = (description: string, content: Json): Json => ({ "200": { description, content } });
  return {
    "/livez": probe("livez", "Whether the process lives", {
      "200": { description: "Alive", content: text("OK") },
      "503": { description: "Nothing takes pixels", content: text("no worker is running") },
    }),
    "/readyz": probe("readyz", "Whether events may be sent here", {
      "200": {
        description:
          "Ready; further lines tell of workers that are missing, destinations, quarantine and streams in trouble. Names and reasons are in it for who may see the other routes, else numbers",
        content: text("OK"),
      },
      "503": {
        description: "Not ready; each line is one reason",
        content: text("spool is full: it takes no event"),
      },
    }),
    "/version": path("version", "The version", found("The version", text("0.1.0"))),
    "/metrics": path("metrics", "Metrics for Prometheus", found("Prometheus text format", text())),
    "/status.json": path(
      "status",
      "Totals and the state of delivery, destination by destination",
      found("The state", json(ref("Status"))),
    ),
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
        query("outcome", "Outcomes; accepted: published, spooled or quarantined", choices(OUTCOME_NAMES)),
      ],
    ),
  };
}
