// How one gets to a NATS server: TLS, credentials, the dial, and in words why it failed.
import type { JetStreamOptions } from "@nats-io/jetstream";
import { type ConnectionOptions, connect, type NatsConnection } from "nats";
import type { NatsConfig } from "../../config/environment.ts";
import { readServers, type Server } from "../../config/natsserver.ts";
import { type Clock, systemClock } from "../../runtime/clock.ts";
import { reasonOf } from "../log.ts";
import { NatsError } from "./fault.ts";
import { DIAL_TIMEOUT_MS, type Greeted, type Greeting, greet } from "./greeting.ts";
import { type Login, readLogin } from "./login.ts";
import { type Attempt, isAboutTls, reasonOfLoss, reasonOfRefusal } from "./refusal.ts";
import { readTls, type Tls } from "./tls.ts";

/** How to reach NATS, with what the servers ask for. Holds credentials: never logged. */
export type NatsOptions = Pick<NatsConfig, "servers"> & Partial<NatsConfig>;

/** What each call of JetStream's API is to be given: where the streams are. */
export function jetStreamOptions(nats: NatsOptions): JetStreamOptions {
  return nats.jetStreamDomain ? { domain: nats.jetStreamDomain } : {};
}

const PING_INTERVAL_MS = 1000;
/** With three pings out a dead server shows after 4 s, and one that takes 2 s to answer is not taken for dead. */
const MAX_PINGS_OUT = 3;

/** A connection, and how to tell why it was ended. */
export interface Dialled {
  readonly connection: NatsConnection;
  readonly greeting: Greeting;
  /** The reason for a person why the connection ended: of the error, or of what is known. */
  readonly explain: (ended: Error | string) => string;
}

/** Connects to one server, once. Rejects with a `NatsError`, whose message is a reason for a person. */
export async function dialServer(server: Server, nats: NatsOptions, time: Clock): Promise<Dialled> {
  const tls = readTls(server, nats);
  const login = readLogin(server, nats);
  const greeted = await greet(server, tls, time);
  const attempt: Attempt = {
    host: server.tlsName ?? server.host,
    login,
    greeting: greeted.is === "greeting" ? greeted.greeting : null,
    wantsTls: tls !== null,
    isTlsFirst: tls?.handshakeFirst === true,
    hasCa: tls?.ca !== undefined,
    hasCertificate: tls?.cert !== undefined,
  };
  const explain = (error: unknown) => reasonOfRefusal(error, attempt, Date.now());
  if (greeted.is !== "greeting") {
    const cause = greeted.is === "failed" ? { cause: greeted.error } : {};
    throw new NatsError(await whyNoGreeting(greeted, server, tls, time, explain), cause);
  }
  try {
    const connection = await connect(optionsFor(server, tls, login));
    return {
      connection,
      greeting: greeted.greeting,
      explain: (ended) => reasonOfLoss(ended, attempt, Date.now()),
    };
  } catch (error) {
    throw new NatsError(explain(error), { cause: error });
  }
}

/** Connects once, to the first server that answers, for a command that reads. Rejects with each server's reason. */
export async function dial(nats: NatsOptions): Promise<NatsConnection> {
  const refusals: string[] = [];
  for (const server of readServers(nats.servers)) {
    try {
      // With the client's own reconnect a first dial that fails would say nothing but that it took too long.
      await (await dialServer(server, nats, systemClock)).connection.close();
      const options = optionsFor(server, readTls(server, nats), readLogin(server, nats));
      return await connect({ ...options, reconnect: true, maxReconnectAttempts: -1 });
    } catch (error) {
      refusals.push(`${server.address}: ${error instanceof NatsError ? error.message : reasonOf(error)}`);
    }
  }
  throw new NatsError(refusals.join(", "));
}

/** Looks at the server once more where it may be waiting for TLS, or for none. */
async function whyNoGreeting(
  greeted: Exclude<Greeted, { is: "greeting" }>,
  server: Server,
  tls: Tls | null,
  time: Clock,
  explain: (error: unknown) => string,
): Promise<string> {
  switch (greeted.is) {
    case "refused":
      return greeted.says;
    case "strange":
      return "what answers there is no NATS server";
    case "silent":
      return "server does not greet";
    case "closed": {
      if (tls?.handshakeFirst) return "server does not greet: it ends the connection";
      const other = await greet(server, { ...tls, handshakeFirst: true }, time);
      const isFirst = other.is === "greeting" || (other.is === "failed" && isAboutTls(other.error));
      return isFirst
        ? "the server speaks TLS before it greets: set NATS_TLS_FIRST=true"
        : "server does not greet: it ends the connection";
    }
    case "failed": {
      if (!tls?.handshakeFirst || isAboutTls(greeted.error)) return explain(greeted.error);
      const other = await greet(server, { ...tls, handshakeFirst: false }, time);
      return other.is === "greeting"
        ? "the server greets before it speaks TLS: unset NATS_TLS_FIRST"
        : explain(greeted.error);
    }
  }
}

function optionsFor(server: Server, tls: Tls | null, login: Login): ConnectionOptions {
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
  if (login.is === "creds" || login.is === "nkey") options.authenticator = login.authenticator;
  if (login.is === "token") options.token = login.token;
  if (login.is === "user") {
    options.user = login.user;
    if (login.password !== null) options.pass = login.password;
  }
  if (tls !== null) options.tls = tls;
  return options;
}
