// What goes back: OK, the GIF or the reason, in a form that the client can show.
import { isMailReader } from "./agent.ts";
import { userAgentOf } from "./headers.ts";
import type { Rejection } from "./rejection.ts";

/** The body of an answer: the image, or a line of text. */
export type ReplyForm = "gif" | "text";

/** The 43 bytes of a transparent GIF of one pixel. */
export const GIF: Uint8Array<ArrayBuffer> = Uint8Array.from(
  atob("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw=="),
  (letter) => letter.charCodeAt(0),
);

/** The headers of every answer on the public port. */
const COMMON_HEADERS = {
  "Cache-Control": "no-store, no-cache, must-revalidate, private",
  "Access-Control-Allow-Origin": "*",
  "Cross-Origin-Resource-Policy": "cross-origin",
} as const;

const TEXT_HEADERS = { ...COMMON_HEADERS, "Content-Type": "text/plain; charset=utf-8" };
const GIF_HEADERS = { ...COMMON_HEADERS, "Content-Type": "image/gif" };

/** Seconds after which a client may try again what was answered with 429 or 503. */
const RETRY_AFTER_S = 1;

/**
 * What this client can show, from its headers alone. A browser's `<img>` says so in `Sec-Fetch-Dest` or `Accept`;
 * Outlook, mail proxies and old browsers fetch images with a bare wildcard, or without `Accept`.
 */
export function readReplyForm(headers: Headers): ReplyForm {
  const destination = headers.get("sec-fetch-dest");
  if (destination !== null) return destination === "image" ? "gif" : "text";
  const accept = headers.get("accept");
  if (accept === null || accept.trim() === "*/*") {
    const userAgent = userAgentOf(headers) ?? "";
    return userAgent.startsWith("Mozilla/") || isMailReader(userAgent) ? "gif" : "text";
  }
  return /\bimage\//i.test(accept) && !/\btext\/html\b/i.test(accept) ? "gif" : "text";
}

/** The form of an answer: the path's own if it has one, else the source's, else what the client can show. */
export function chooseReplyForm(
  pathForm: ReplyForm | null,
  sourceForm: ReplyForm | null,
  headers: Headers,
): ReplyForm {
  return pathForm ?? sourceForm ?? readReplyForm(headers);
}

// A clone of a ready response costs 0.2 µs, a new one with four headers 0.5.
const okText = new Response("OK", { headers: TEXT_HEADERS });
const okGif = new Response(GIF, { headers: GIF_HEADERS });

/** The answer to an event that is safe, with the cookie it sets, if any. */
export function replyAccepted(form: ReplyForm, setCookie: string | null): Response {
  const response = (form === "gif" ? okGif : okText).clone() as Response;
  if (setCookie !== null) response.headers.set("Set-Cookie", setCookie);
  return response;
}

/** The answer to an event that the operator's own policy drops. */
export function replyDropped(form: ReplyForm, reason: string): Response {
  const response = replyAccepted(form, null);
  response.headers.set("X-Pixelgate-Dropped", reason);
  return response;
}

/** The answer to what is not taken: the honest status, and the reason as text or, beside the GIF, in a header. */
export function replyRejected(form: ReplyForm, rejection: Rejection): Response {
  const { status, reason } = rejection;
  const headers = new Headers(form === "gif" ? GIF_HEADERS : TEXT_HEADERS);
  if (form === "gif") headers.set("X-Pixelgate-Error", reason);
  if (status === 429 || status === 503) headers.set("Retry-After", String(RETRY_AFTER_S));
  return new Response(form === "gif" ? GIF : reason, { status, headers });
}

/** The answer to HEAD: what a GET would say, and no body. */
export function replyHead(form: ReplyForm): Response {
  const length = form === "gif" ? GIF.length : "OK".length;
  return new Response(null, {
    headers: { ...(form === "gif" ? GIF_HEADERS : TEXT_HEADERS), "Content-Length": String(length) },
  });
}

/** The answer to OPTIONS: any page may send a pixel, and none with credentials. */
export function replyOptions(): Response {
  return new Response(null, {
    status: 204,
    headers: {
      ...COMMON_HEADERS,
      "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
      "Access-Control-Allow-Headers": "*",
      "Access-Control-Max-Age": "86400",
    },
  });
}

/** A short text with a status, for everything beside the pixel routes. */
export function replyText(status: number, text: string, headers: Record<string, string> = {}): Response {
  return new Response(text, { status, headers: { ...TEXT_HEADERS, ...headers } });
}
