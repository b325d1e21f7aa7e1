// The pixel routes, as OpenAPI paths.
import type { EventType } from "../../pixel/schema.ts";
import { gif, header, type Json, text } from "./json.ts";
import { pixelParameters, sampleTarget } from "./parameters.ts";

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
    "413": answer(
      "No destination of the source can ever take an event this large",
      body("event is larger than its destinations take"),
      errorHeader,
    ),
    "414": answer("The URL is too long", body("request target too long: more than 16384 bytes"), errorHeader),
    "429": answer("The source is over its rate", body("source is over its rate limit"), retry),
    "503": answer(
      "The gateway cannot keep the event now",
      body("event cannot be kept now: try again"),
      retry,
    ),
  };
}

/** A pixel route as an OpenAPI path; `isGif` is the one whose body is always the GIF. */
export function pixelPath(type: EventType, isGif: boolean): Json {
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
      parameters: pixelParameters(type),
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
