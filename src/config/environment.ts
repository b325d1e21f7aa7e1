// Environment to a frozen Config, or every fault in it.
import type { BlockList } from "node:net";
import { SETTINGS, type Setting } from "./settings.ts";
import { isShowable } from "./shown.ts";
import { Fault } from "./units.ts";

/** Everything the environment decides. Sizes in bytes, times in milliseconds. */
export interface Config {
  readonly host: string;
  readonly port: number;
  readonly adminHost: string;
  readonly adminPort: number;
  /** Names the admin port answers to, in lower case. */
  readonly adminAllowedHosts: readonly string[];
  /** A credential: never log it. Null asks for none. */
  readonly adminToken: string | null;
  readonly nats: NatsConfig | null;
  /** Path of the configuration file; null runs the demo source. */
  readonly configFile: string | null;
  readonly dataDir: string;
  readonly spoolMaxBytes: number;
  /** Part of the spool that one destination may take, over 0 and up to 1. */
  readonly spoolDestinationShare: number;
  readonly stream: StreamConfig;
  readonly maxUrlBytes: number;
  /** Number of processes on the port; 0 stands for one a core. */
  readonly workers: number;
  readonly trustedProxies: BlockList | null;
  readonly logLevel: string;
  readonly shutdownDelayMs: number;
  readonly shutdownTimeoutMs: number;
}

/** How to reach NATS. Holds credentials: never log it. */
export interface NatsConfig {
  /** Such as `nats://host:4222` or `tls://user:password@host`. */
  readonly servers: readonly string[];
  /** Read again at each dial, so that a renewed file counts. */
  readonly credsFile: string | null;
  /** Holds the seed of an NKey user; read again at each dial. */
  readonly nkeyFile: string | null;
  readonly token: string | null;
  readonly user: string | null;
  readonly password: string | null;
  readonly tlsCaFile: string | null;
  readonly tlsCertFile: string | null;
  readonly tlsKeyFile: string | null;
  /** TLS before the server's greeting, as a server with `handshake_first` wants it. */
  readonly tlsFirst: boolean;
  /** Where the streams are; null is the domain of the server that we are connected to. */
  readonly jetStreamDomain: string | null;
}

/** What the JetStream stream shall be. */
export interface StreamConfig {
  readonly name: string;
  /** The stream takes `<prefix>.>`. */
  readonly prefix: string;
  readonly replicas: number;
  readonly maxAgeMs: number;
  /** -1 is without bound. */
  readonly maxBytes: number;
}

type Name = keyof typeof SETTINGS;
const NAMES = Object.keys(SETTINGS) as readonly Name[];

/** Ways to say who one is that an NKey would contradict. */
const OTHER_LOGINS: readonly Name[] = ["NATS_CREDS", "NATS_TOKEN", "NATS_USER"];

type Values = { [K in Name]: ReturnType<(typeof SETTINGS)[K]["read"]> };

/** The text of a name: what is set, or its default. A name that is set and blank counts as unset. */
export function textOf(environment: Record<string, string | undefined>, name: Name): string {
  return environment[name]?.trim() || SETTINGS[name].fallback;
}

/** Reads the environment. Returns a Config, or every fault. */
export function readConfig(environment: Record<string, string | undefined>): Config | string[] {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const name of NAMES) {
    const setting: Setting<unknown> = SETTINGS[name];
    const text = textOf(environment, name);
    try {
      values[name] = setting.read(text);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      faults.push(`Cannot read ${name}: ${show(text, setting)} ${error.message}`);
    }
  }
  const value = values as Values;
  const isSet = (name: Name) => textOf(environment, name) !== SETTINGS[name].fallback;
  if (value.NATS_PASSWORD && !value.NATS_USER) faults.push("Cannot read NATS_PASSWORD: NATS_USER is not set");
  if ((value.NATS_TLS_CERT === null) !== (value.NATS_TLS_KEY === null)) {
    faults.push("Cannot read NATS_TLS_CERT: it goes with NATS_TLS_KEY, and only one is set");
  }
  const others = OTHER_LOGINS.filter(isSet);
  if (isSet("NATS_NKEY") && others.length > 0) {
    faults.push(`Cannot use NATS_NKEY together with ${others.join(", ")}: each says who one is`);
  }
  if (value.NATS_URL === null) {
    const loose = NAMES.filter((name) => name.startsWith("NATS_") && isSet(name));
    if (loose.length > 0) faults.push(`Cannot use ${loose.join(", ")}: NATS_URL is not set`);
  }
  return faults.length > 0 ? faults : toConfig(value);
}

/** What the stream is where nothing is set. */
export function defaultStream(): StreamConfig {
  return toStream({
    PIXELGATE_STREAM: fallbackOf(SETTINGS.PIXELGATE_STREAM),
    PIXELGATE_SUBJECT_PREFIX: fallbackOf(SETTINGS.PIXELGATE_SUBJECT_PREFIX),
    PIXELGATE_STREAM_REPLICAS: fallbackOf(SETTINGS.PIXELGATE_STREAM_REPLICAS),
    PIXELGATE_STREAM_MAX_AGE: fallbackOf(SETTINGS.PIXELGATE_STREAM_MAX_AGE),
    PIXELGATE_STREAM_MAX_BYTES: fallbackOf(SETTINGS.PIXELGATE_STREAM_MAX_BYTES),
  });
}

function fallbackOf<T>({ read, fallback }: Setting<T>): T {
  return read(fallback);
}

function show(text: string, { secret }: Setting<unknown>): string {
  if (secret) return "the value";
  return isShowable(text) ? JSON.stringify(text) : "it";
}

function toConfig(value: Values): Config {
  return Object.freeze({
    host: value.HOST,
    port: value.PORT,
    adminHost: value.ADMIN_HOST,
    adminPort: value.ADMIN_PORT,
    adminAllowedHosts: value.ADMIN_ALLOWED_HOSTS,
    adminToken: value.ADMIN_TOKEN,
    nats:
      value.NATS_URL === null
        ? null
        : {
            servers: value.NATS_URL,
            credsFile: value.NATS_CREDS,
            nkeyFile: value.NATS_NKEY,
            token: value.NATS_TOKEN,
            user: value.NATS_USER,
            password: value.NATS_PASSWORD,
            tlsCaFile: value.NATS_TLS_CA,
            tlsCertFile: value.NATS_TLS_CERT,
            tlsKeyFile: value.NATS_TLS_KEY,
            tlsFirst: value.NATS_TLS_FIRST,
            jetStreamDomain: value.NATS_JETSTREAM_DOMAIN,
          },
    configFile: value.PIXELGATE_CONFIG,
    dataDir: value.PIXELGATE_DATA_DIR,
    spoolMaxBytes: value.PIXELGATE_SPOOL_MAX_BYTES,
    spoolDestinationShare: value.PIXELGATE_SPOOL_DESTINATION_SHARE,
    stream: toStream(value),
    maxUrlBytes: value.PIXELGATE_MAX_URL_BYTES,
    workers: value.PIXELGATE_WORKERS,
    trustedProxies: value.TRUSTED_PROXIES,
    logLevel: value.LOG_LEVEL,
    shutdownDelayMs: value.SHUTDOWN_DELAY_MS,
    shutdownTimeoutMs: value.SHUTDOWN_TIMEOUT_MS,
  });
}

type StreamNames = "SUBJECT_PREFIX" | "STREAM" | `STREAM_${"REPLICAS" | "MAX_AGE" | "MAX_BYTES"}`;

function toStream(value: Pick<Values, `PIXELGATE_${StreamNames}`>): StreamConfig {
  return {
    name: value.PIXELGATE_STREAM,
    prefix: value.PIXELGATE_SUBJECT_PREFIX,
    replicas: value.PIXELGATE_STREAM_REPLICAS,
    maxAgeMs: value.PIXELGATE_STREAM_MAX_AGE,
    maxBytes: value.PIXELGATE_STREAM_MAX_BYTES,
  };
}
