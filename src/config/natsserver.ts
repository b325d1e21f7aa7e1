// A NATS server as NATS_URL names it. Holds credentials: never logged.

/** One server of the list, with what its URL says of how to get in. */
export interface Server {
  readonly address: string;
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  readonly user: string | null;
  readonly password: string | null;
}

/**
 * Reads a server of the list: a URL, or an address alone. Throws a `TypeError` when it is neither, and a `URIError` when
 * its user or password cannot be decoded.
 */
export function readServer(text: string): Server {
  const url = new URL(text.includes("://") ? text : `nats://${text}`);
  const port = url.port === "" ? 4222 : Number(url.port);
  return {
    address: `${url.hostname}:${port}`,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port,
    isTls: url.protocol === "tls:",
    user: url.username === "" ? null : decodeURIComponent(url.username),
    password: url.password === "" ? null : decodeURIComponent(url.password),
  };
}
