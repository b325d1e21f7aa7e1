// Who may look at the admin port once it has a token: who sends it, a program as a bearer token, a browser as the
// password of Basic authentication. The token itself stays here: it is in no answer, no error and no log line.
import { createHash, timingSafeEqual } from "node:crypto";
import type { Refusal } from "./hostguard.ts";

const UNAUTHORIZED: Refusal = {
  status: 401,
  reason: "Cannot show this: it takes the gateway's ADMIN_TOKEN, as a bearer token or as the password",
  // Basic is what a browser asks its user for. Programs that send a bearer token do so unasked.
  headers: { "WWW-Authenticate": 'Basic realm="Pixelgate admin port", charset="UTF-8"' },
};

/** Makes the check of one token: it refuses a request without it. Without a token everybody may look. */
export function createTokenGuard(token: string | null): (request: Request) => Refusal | null {
  if (token === null) return () => null;
  const wanted = hash(token);
  return ({ headers }) => {
    const shown = readToken(headers.get("authorization"));
    // Of equal length whatever was sent: the time it takes tells nothing of the token.
    return shown !== null && timingSafeEqual(hash(shown), wanted) ? null : UNAUTHORIZED;
  };
}

/** The token of an Authorization header: of `Bearer`, or the password of `Basic`, whose user name may be any. */
function readToken(header: string | null): string | null {
  const [, scheme = "", credentials = ""] = /^([A-Za-z]+) +(\S+)$/.exec(header ?? "") ?? [];
  switch (scheme.toLowerCase()) {
    case "bearer":
      return credentials;
    case "basic": {
      const pair = Buffer.from(credentials, "base64").toString("utf8");
      const colon = pair.indexOf(":");
      return colon < 0 ? null : pair.slice(colon + 1);
    }
    default:
      return null;
  }
}

function hash(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
