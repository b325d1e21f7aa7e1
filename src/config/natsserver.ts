// A NATS server as NATS_URL names it. Holds credentials: never logged.
import { isIP } from "node:net";

/** One server of the list, with what its URL says of how to get in. */
export interface Server {
  readonly address: string;
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  /** Whom its certificate is for, when that is not its host: null for a server of the list. */
  readonly tlsName: string | null;
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
    tlsName: null,
    user: url.username === "" ? null : decodeURIComponent(url.username),
    password: url.password === "" ? null : decodeURIComponent(url.password),
  };
}

/** Reads the list: a server whose URL names nobody gets the user and the password of the first. Throws as `readServer`. */
export function readServers(list: readonly string[]): Server[] {
  const servers = list.map(readServer);
  const [first] = servers;
  return servers.map((server) =>
    first === undefined || server.user !== null || server.password !== null
      ? server
      : { ...server, user: first.user, password: first.password },
  );
}

/**
 * A server that another one, the teller, has told of: it takes what got us in there. Its address, `host:port`, mostly is
 * a number, and then its certificate is for the teller's name.
 */
export function learnServer(address: string, teller: Server): Server {
  const learned = readServer(address);
  const { isTls, user, password } = teller;
  const name = teller.tlsName ?? teller.host;
  const tlsName = isIP(learned.host) === 0 || isIP(name) !== 0 ? null : name;
  return { ...learned, isTls, user, password, tlsName };
}
