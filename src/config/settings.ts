// The environment names the gateway reads: one table with help texts, defaults, and how each text becomes a value.
import { existsSync } from "node:fs";
import { BlockList, isIP, isIPv4 } from "node:net";
import { readServer } from "./natsserver.ts";
import { isContents, isShowable } from "./shown.ts";
import { STREAM_NAME, SUBJECT_PREFIX } from "./subject.ts";
import { Fault, readBound, readDuration, readShare, readSize } from "./units.ts";

/** One environment name. */
export interface Setting<T> {
  readonly help: string;
  readonly fallback: string;
  /** Hidden in messages, because it may hold a credential. */
  readonly secret?: boolean;
  /** Reads the text, or throws a `Fault` that says what is the case. */
  readonly read: (text: string) => T;
}

function integer(min: number, max: number) {
  return (text: string): number => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new Fault(`is not an integer from ${min} to ${max}`);
  };
}

/** Contents pasted in the place of a path would be shown wherever the path is. What exists is a path whatever it looks like. */
function path(text: string): string {
  if (isContents(text) && !existsSync(text)) throw new Fault("holds the contents of a file, not its path");
  return text;
}

function file(text: string): string | null {
  if (text === "") return null;
  if (!existsSync(path(text))) throw new Fault("does not exist");
  return text;
}

function pattern(shape: RegExp, what: string) {
  return (text: string): string => {
    if (shape.test(text)) return text;
    throw new Fault(`is not ${what}`);
  };
}

function optional(text: string): string | null {
  return text === "" ? null : text;
}

function servers(text: string): readonly string[] | null {
  if (text === "") return null;
  return text.split(",").map((part) => {
    const server = part.trim();
    const withScheme = server.includes("://") ? server : `nats://${server}`;
    const url = URL.canParse(withScheme) ? new URL(withScheme) : null;
    if (url === null || url.hostname === "" || !/^(nats|tls):$/.test(url.protocol)) {
      throw new Fault("is not a list of servers such as nats://localhost:4222,nats://other:4222");
    }
    // The sign ended the password, and what stands before it would be taken for the server's name, and logged.
    if (!/^\/?$/.test(url.pathname) || url.search !== "" || url.hash !== "") {
      throw new Fault("has a /, ? or # in a user or password: write %2F, %3F, %23");
    }
    try {
      readServer(server);
    } catch (error) {
      throw new Fault("has a % in a user or password that begins no character: write %25", { cause: error });
    }
    return server;
  });
}

function address(text: string): string {
  // Where the gateway listens is logged: a token in its place must not be.
  if (/^[A-Za-z0-9_.:%-]{1,253}$/.test(text) && isShowable(text)) return text;
  throw new Fault("is not an address or a host name");
}

function hostNames(text: string): readonly string[] {
  if (text === "") return [];
  return text.split(",").map((part) => {
    const name = part.trim().toLowerCase().replace(/\.$/, "");
    if (/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(name)) return name;
    throw new Fault("is not a list of host names without ports such as gateway,pixelgate.example.com");
  });
}

function token(text: string): string | null {
  if (text === "" || /^[\x21-\x7e]+$/.test(text)) return text || null;
  throw new Fault("is not a token of ASCII letters, digits and signs without a space");
}

function networks(text: string): BlockList | null {
  if (text === "") return null;
  const list = new BlockList();
  for (const part of text.split(",")) {
    const [address = "", length, ...rest] = part.trim().split("/");
    const family = isIPv4(address) ? "ipv4" : "ipv6";
    const bits = family === "ipv4" ? 32 : 128;
    if (
      rest.length > 0 ||
      isIP(address) === 0 ||
      (length !== undefined && !/^\d{1,3}$/.test(length)) ||
      Number(length ?? 0) > bits
    ) {
      throw new Fault("is not a list of addresses or networks such as 10.0.0.0/8,fd00::/8");
    }
    list.addSubnet(address, Number(length ?? bits), family);
  }
  return list;
}

function workers(text: string): number {
  return text === "auto" ? 0 : integer(1, 256)(text);
}

function trueOrFalse(text: string): boolean {
  if (text === "true" || text === "false") return text === "true";
  throw new Fault("is not true or false");
}

const NAME_SIGNS = "made of letters, digits, - and _";
const domain = pattern(/^[A-Za-z0-9_-]*$/, NAME_SIGNS);
const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"];

/** Every environment name the gateway reads, with its help text and its default. */
export const SETTINGS = {
  HOST: { help: "address of the public port", fallback: "0.0.0.0", read: address },
  PORT: { help: "public port; 0 takes a free one", fallback: "8080", read: integer(0, 65535) },
  ADMIN_HOST: { help: "address of the admin port", fallback: "127.0.0.1", read: address },
  ADMIN_PORT: { help: "admin port; 0 takes a free one", fallback: "9090", read: integer(0, 65535) },
  ADMIN_ALLOWED_HOSTS: {
    help: "names the admin port answers to beside IP addresses and localhost, comma-separated",
    fallback: "",
    read: hostNames,
  },
  ADMIN_TOKEN: {
    help: "what the admin port asks for: a bearer token, or a password",
    fallback: "",
    secret: true,
    read: token,
  },
  NATS_URL: {
    help: "NATS servers, comma-separated; unset: events stay in the local spool",
    fallback: "",
    secret: true,
    read: servers,
  },
  NATS_CREDS: { help: "credentials file", fallback: "", read: file },
  NATS_NKEY: { help: "file with the seed of an NKey user", fallback: "", read: file },
  NATS_TOKEN: { help: "token", fallback: "", secret: true, read: optional },
  NATS_USER: { help: "user", fallback: "", read: optional },
  NATS_PASSWORD: { help: "password", fallback: "", secret: true, read: optional },
  NATS_TLS_CA: { help: "CA certificate file; turns TLS on", fallback: "", read: file },
  NATS_TLS_CERT: { help: "client certificate file", fallback: "", read: file },
  NATS_TLS_KEY: { help: "client key file", fallback: "", read: file },
  NATS_TLS_FIRST: {
    help: "true: TLS before the server's greeting (handshake_first); turns TLS on",
    fallback: "false",
    read: trueOrFalse,
  },
  NATS_JETSTREAM_DOMAIN: {
    help: "JetStream domain; unset: that of the server one connects to",
    fallback: "",
    read: (text: string) => optional(domain(text)),
  },
  PIXELGATE_CONFIG: {
    help: "configuration file; unset: one source with the write key demo",
    fallback: "",
    read: (text: string) => optional(path(text)),
  },
  PIXELGATE_DATA_DIR: { help: "folder of the spool", fallback: "./data", read: path },
  PIXELGATE_SPOOL_MAX_BYTES: { help: "size of the spool", fallback: "1GiB", read: readSize },
  PIXELGATE_SPOOL_DESTINATION_SHARE: {
    help: "part of the spool that the events of one destination may take",
    fallback: "50%",
    read: readShare,
  },
  PIXELGATE_SUBJECT_PREFIX: {
    help: "first token of every subject",
    fallback: "pixel",
    read: pattern(SUBJECT_PREFIX, "made of letters, digits, - and _, not beginning with _"),
  },
  PIXELGATE_STREAM: {
    help: "JetStream stream of the destinations that name none",
    fallback: "PIXEL",
    read: pattern(STREAM_NAME, NAME_SIGNS),
  },
  PIXELGATE_STREAM_REPLICAS: {
    help: "replicas of a stream, unless its destination says",
    fallback: "1",
    read: integer(1, 5),
  },
  PIXELGATE_STREAM_MAX_AGE: {
    help: "how long a stream keeps an event, unless its destination says",
    fallback: "72h",
    read: readDuration,
  },
  PIXELGATE_STREAM_MAX_BYTES: {
    help: "size of a stream, unless its destination says; none: without bound",
    fallback: "none",
    read: readBound,
  },
  PIXELGATE_MAX_URL_BYTES: {
    help: "longest request target, up to 65536",
    fallback: "16384",
    read: integer(256, 65536),
  },
  PIXELGATE_WORKERS: { help: "processes on the port; auto: one a core", fallback: "1", read: workers },
  TRUSTED_PROXIES: {
    help: "addresses and networks whose X-Forwarded-For counts, comma-separated",
    fallback: "",
    read: networks,
  },
  LOG_LEVEL: {
    help: LOG_LEVELS.join(", "),
    fallback: "info",
    read: pattern(new RegExp(`^(${LOG_LEVELS.join("|")})$`), `one of ${LOG_LEVELS.join(", ")}`),
  },
  SHUTDOWN_DELAY_MS: {
    help: "from not ready to no longer accepting",
    fallback: "0",
    read: integer(0, 600_000),
  },
  SHUTDOWN_TIMEOUT_MS: {
    help: "longest wait for what is in flight",
    fallback: "10000",
    read: integer(0, 600_000),
  },
} as const satisfies Record<string, Setting<unknown>>;
