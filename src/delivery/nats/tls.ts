// TLS as settings and a server's URL ask for it: which files, and what is wrong with them before a socket meets them.
import { createSecureContext } from "node:tls";
import type { NatsConfig } from "../../config/environment.ts";
import type { Server } from "../../config/natsserver.ts";
import { reasonOf } from "../log.ts";
import { NatsError } from "./fault.ts";
import { readSettingFile } from "./settingfile.ts";

/** The contents of the files, as the client and the system are told of them, and how TLS begins. */
export interface Tls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  /** Before the greeting, not after it. */
  readonly handshakeFirst?: boolean;
}

/** The settings of TLS. */
export type TlsSettings = Partial<Pick<NatsConfig, "tlsCaFile" | "tlsCertFile" | "tlsKeyFile" | "tlsFirst">>;

/**
 * Reads the files anew, so that renewed ones count. Null without TLS, as far as it is up to us. Throws a `NatsError` for
 * files that are no certificates and keys.
 */
export function readTls(server: Pick<Server, "isTls" | "tlsName">, settings: TlsSettings): Tls | null {
  const { tlsCaFile, tlsCertFile, tlsKeyFile, tlsFirst } = settings;
  if (!server.isTls && !tlsCaFile && !tlsCertFile && !tlsFirst) return null;
  const authority = tlsCaFile ? { ca: readText(tlsCaFile, "NATS_TLS_CA") } : {};
  const own =
    tlsCertFile && tlsKeyFile
      ? { cert: readText(tlsCertFile, "NATS_TLS_CERT"), key: readText(tlsKeyFile, "NATS_TLS_KEY") }
      : {};
  check(authority, "the file of NATS_TLS_CA holds no certificate");
  check(own, "the files of NATS_TLS_CERT and NATS_TLS_KEY are no certificate and its key");
  return {
    ...authority,
    ...own,
    ...(tlsFirst ? { handshakeFirst: true } : {}),
    ...(server.tlsName === null ? {} : { servername: server.tlsName }),
  };
}

function readText(path: string, setting: string): string {
  return readSettingFile(path, setting).toString();
}

/** On Bun a socket throws for such files, at a moment when nobody can catch it. */
function check(files: Pick<Tls, "ca" | "cert" | "key">, fault: string): void {
  try {
    createSecureContext(files);
  } catch (error) {
    throw new NatsError(`${fault}: ${reasonOf(error)}`, { cause: error });
  }
}
