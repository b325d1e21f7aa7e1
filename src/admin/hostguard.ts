// Who may look at the admin port with a browser: nobody whom another web site sends.
import { isIP } from "node:net";

/** What a request to the admin port says about how it was reached. */
export interface Visit {
  /** The name or address in the Host header, brackets included; `localhost` when there is none that can be read. */
  readonly hostname: string;
}

/** Why a visit is refused. */
export interface VisitRefusal {
  readonly status: number;
  readonly reason: string;
  readonly headers: Record<string, string>;
}

const HOST = /^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/** Reads how the admin port was reached. */
export function readVisit(request: Request): Visit {
  const hostname = HOST.exec(request.headers.get("host") ?? "")?.[1] ?? "localhost";
  return { hostname: hostname.toLowerCase() };
}

/**
 * Refuses a visit that no operator makes: another method than GET and HEAD; a script or image of another site; and, on
 * a loopback address, a name that a stranger's DNS could have pointed here. Null when it may go on.
 */
export function refuseVisit(request: Request, visit: Visit, listenHost: string): VisitRefusal | null {
  const { method, headers } = request;
  if (method !== "GET" && method !== "HEAD") {
    return { status: 405, reason: "method not allowed", headers: { Allow: "GET, HEAD" } };
  }
  const site = headers.get("sec-fetch-site");
  const isForeign = site === "cross-site" || site === "same-site";
  if (isForeign && headers.get("sec-fetch-mode") !== "navigate") {
    return { status: 403, reason: "not for other sites", headers: {} };
  }
  if (isLoopback(listenHost) && !isOfThisMachine(visit.hostname)) {
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
