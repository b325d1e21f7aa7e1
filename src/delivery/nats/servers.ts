// What the client is told of a configured NATS server: credentials, TLS; and a single dial for a command that reads.
import { readFileSync } from "node:fs";
import type { JetStreamOptions } from "@nats-io/jetstream";
import { type ConnectionOptions, connect, credsAuthenticator, type NatsConnection } from "nats";
import type { NatsConfig } from "../../config/environment.ts";
import { readServer, type Server } from "../../config/natsserver.ts";
import { reasonOf } from "../log.ts";

/** How to reach NATS, with what the servers ask for. Holds credentials: never logged. */
export type NatsOptions = Pick<NatsConfig, "servers"> & Partial<NatsConfig>;

/** A server that cannot be used; the message is a reason for a person. */
export class NatsError extends Error {
  override readonly name = "NatsError";
}

/** Longest wait for a server to take a connection. */
export const DIAL_TIMEOUT_MS = 5000;
const PING_INTERVAL_MS = 1000;
/** With three pings out a dead server shows after 4 s, and one that takes 2 s to answer is not taken for dead. */
const MAX_PINGS_OUT = 3;

/** What the client is told to connect to a server; reads the credentials file anew, so that a renewed one counts. */
export function optionsFor(server: Server, nats: NatsOptions): ConnectionOptions {
  const options: ConnectionOptions = {
    servers: [server.address],
    name: "pixelgate",
    timeout: DIAL_TIMEOUT_MS,
    reconnect: false,
    ignoreClusterUpdates: true,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: MAX_PINGS_OUT,
    noAsyncTraces: true,
  };
  const user = nats.user ?? server.user;
  const password = nats.password ?? server.password;
  if (nats.credsFile) options.authenticator = credsAuthenticator(readFileSync(nats.credsFile));
  else if (nats.token) options.token = nats.token;
  // As in other NATS clients, a user without a password in a URL is a token.
  else if (user !== null && password === null && nats.user == null) options.token = user;
  else if (user !== null) {
    options.user = user;
    if (password !== null) options.pass = password;
  }
  const { tlsCaFile, tlsCertFile, tlsKeyFile } = nats;
  if (server.isTls || tlsCaFile || tlsCertFile) {
    options.tls = {
      ...(tlsCaFile ? { caFile: tlsCaFile } : {}),
      ...(tlsCertFile ? { certFile: tlsCertFile } : {}),
      ...(tlsKeyFile ? { keyFile: tlsKeyFile } : {}),
    };
  }
  return options;
}

/** What each call of JetStream's API is to be given: where the streams are. */
export function jetStreamOptions(nats: NatsOptions): JetStreamOptions {
  return nats.jetStreamDomain ? { domain: nats.jetStreamDomain } : {};
}

/** Connects once, to the first server that answers, for a command that reads. Rejects with each server's reason. */
export async function dial(nats: NatsOptions): Promise<NatsConnection> {
  const refusals: string[] = [];
  let cause: unknown;
  for (const server of nats.servers.map(readServer)) {
    try {
      return await connect({ ...optionsFor(server, nats), reconnect: true, maxReconnectAttempts: -1 });
    } catch (error) {
      refusals.push(`${server.address}: ${reasonOf(error) || "connection refused"}`);
      cause = error;
    }
  }
  throw new NatsError(refusals.join(", "), { cause });
}
