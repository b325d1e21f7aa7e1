// Who may look at the admin port with a browser: nobody whom another web site sends. Against DNS rebinding (a stranger's
// name that points to this machine) by the Host header, against CSRF by methods and Sec-Fetch-Site. It knows no passwords.
import { isIP } from "node:net";

/** Why a request does not reach the admin port: the status, text and further headers of the answer. */
export interface HostRefusal {
  readonly status: number;
  readonly reason: string;
  readonly headers: Record<string, string>;
}

const HOST = /^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/**
 * The name or address by which the admin port was reached: the Host header in lower case, without the port, an IPv6
 * address in its brackets; `localhost` when there is none that can be read.
 */
export function readHost(request: Request): string {
  return (HOST.exec(request.headers.get("host") ?? "")?.[1] ?? "localhost").toLowerCase();
}

/**
 * Refuses a request that no operator makes: another method than GET and HEAD; a script or image of another site; and,
 * where the port listens on a loopback address, a host name that a stranger's DNS could have pointed here. Null when it
 * may go on.
 */
export function guardHost(request: Request, listenHost: string): HostRefusal | null {
  const { method, headers } = request;
  if (method !== "GET" && method !== "HEAD") {
    return { status: 405, reason: "method not allowed", headers: { Allow: "GET, HEAD" } };
  }
  const site = headers.get("sec-fetch-site");
  const isForeign = site === "cross-site" || site === "same-site";
  // A link may be followed from anywhere: what it opens cannot be read by who made it.
  if (isForeign && headers.get("sec-fetch-mode") !== "navigate") {
    return { status: 403, reason: "not for other sites", headers: {} };
  }
  if (isLoopback(listenHost) && !isOfThisMachine(readHost(request))) {
    const reason = "Cannot serve this host name: the admin port is for this machine: open http://localhost";
    return { status: 421, reason, headers: {} };
  }
  return null;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

/** A name without a dot and an address cannot be a stranger's domain. */
function isOfThisMachine(hostname: string): boolean {
  if (hostname.startsWith("[") || isIP(hostname) !== 0) return true;
  return !hostname.includes(".") || hostname.endsWith(".localhost");
}
