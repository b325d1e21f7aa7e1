// Who may look at the admin port with a browser: nobody whom another web site sends. Against DNS rebinding (a stranger's
// name that points to this machine) by the Host header, against CSRF by methods and Sec-Fetch-Site. It knows no token.
import { isIP } from "node:net";

/** Why a request does not reach the admin port: the status, text and further headers of the answer. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
  readonly headers: Record<string, string>;
}

const HOST = /^(?:([A-Za-z0-9._-]+)|\[([0-9A-Fa-f:.]+)\])(?::\d{1,5})?$/;

/**
 * The name or address by which the admin port was reached: the Host header in lower case, without the port and a last
 * dot, an IPv6 address in its brackets. Null when it cannot be read, as a doubled one cannot; `localhost` without any,
 * which no browser sends.
 */
export function readHost(request: Request): string | null {
  const text = request.headers.get("host");
  if (text === null) return "localhost";
  const [, name, address] = HOST.exec(text) ?? [];
  if (address !== undefined) return isIP(address) === 6 ? `[${address.toLowerCase()}]` : null;
  return name?.toLowerCase().replace(/\.$/, "") || null;
}

/** Refuses what no operator sends: another method than GET and HEAD, and a script or an image of another site. */
export function guardOrigin({ method, headers }: Request): Refusal | null {
  if (method !== "GET" && method !== "HEAD") {
    return { status: 405, reason: "method not allowed", headers: { Allow: "GET, HEAD" } };
  }
  const site = headers.get("sec-fetch-site");
  const isForeign = site === "cross-site" || site === "same-site";
  // A link may be followed from anywhere: what it opens cannot be read by who made it.
  if (isForeign && headers.get("sec-fetch-mode") !== "navigate") {
    return { status: 403, reason: "not for other sites", headers: {} };
  }
  return null;
}

/**
 * Refuses a host name that a stranger's DNS could have pointed here. An IP address and `localhost` are nobody's domain;
 * every other name has to be one of `allowedHosts`, on whatever address the port listens.
 */
export function guardHost(request: Request, allowedHosts: readonly string[]): Refusal | null {
  const host = readHost(request);
  if (host === null) {
    return { status: 400, reason: "Cannot read the Host header: it is not one name or address", headers: {} };
  }
  if (host.startsWith("[") || isIP(host) !== 0 || isLocal(host) || allowedHosts.includes(host)) return null;
  const reason =
    "Cannot serve this host name: it is not in ADMIN_ALLOWED_HOSTS. Open the admin port by an IP address or localhost";
  return { status: 421, reason, headers: {} };
}

function isLocal(name: string): boolean {
  return name === "localhost" || name.endsWith(".localhost");
}
