// Why a server does not let us in, in words that say what to do: from the error that the client or the system gives, and
// from what is known of the attempt. Pure.
import { errors } from "nats";
import { reasonOf } from "../log.ts";
import type { Greeting } from "./greeting.ts";
import type { Login } from "./login.ts";

/** What is known of an attempt to connect. */
export interface Attempt {
  readonly host: string;
  readonly login: Pick<Login, "is"> & { readonly expiresMs?: number | null };
  /** Null when there was none. */
  readonly greeting: Greeting | null;
  readonly wantsTls: boolean;
  readonly isTlsFirst: boolean;
  readonly hasCa: boolean;
  readonly hasCertificate: boolean;
}

const UNKNOWN_SIGNER = new Set([
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
]);

/** How a connection breaks that the server ends in the middle of TLS, on Bun and on Deno, or without any code. */
const BROKEN = new Set(["EBADF", "EPIPE", "EPERM", "ECONNRESET", ""]);

const LOGINS: Readonly<Record<Login["is"], string>> = {
  nobody: "it asks for credentials, and none are set",
  creds: "it does not take the credentials of NATS_CREDS",
  nkey: "it does not take the NKey of NATS_NKEY",
  token: "it does not take the token",
  user: "it does not take the user and password",
};

/** The reason for a person; `nowMs` in milliseconds since 1970. */
export function reasonOfRefusal(error: unknown, attempt: Attempt, nowMs: number): string {
  if (isAboutLogin(error)) return `${error.message}: ${aboutLogin(error, attempt, nowMs)}`;
  const code = codeOf(error);
  const tls = aboutTls(code, attempt);
  if (tls !== null) return tls;
  const network = aboutNetwork(error, code, attempt);
  return attempt.greeting === null ? network : withExpiry(network, attempt, nowMs);
}

/**
 * The reason for a person why a connection ended that had been let in; `ended` is the error, or what is known of it.
 * A server's last words get lost where it ends a connection that we are writing to: a JWT that is over is told all the same.
 */
export function reasonOfLoss(ended: Error | string, attempt: Attempt, nowMs: number): string {
  // TLS and network were well once: only the login can be what the attempt explains.
  if (isAboutLogin(ended)) return reasonOfRefusal(ended, attempt, nowMs);
  return withExpiry(typeof ended === "string" ? ended : reasonOf(ended), attempt, nowMs);
}

/** Whether the server does not take who we are, or no longer does. */
export function isAboutLogin(error: unknown): error is Error {
  return error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError;
}

/** Whether the other side speaks TLS, and the two cannot agree on a certificate. */
export function isAboutTls(error: unknown): boolean {
  const code = codeOf(error);
  return UNKNOWN_SIGNER.has(code) || /^CERT_|^ERR_TLS_CERT_|_ALERT_/.test(code);
}

function aboutLogin(error: Error, attempt: Attempt, nowMs: number): string {
  const isOver = error instanceof errors.UserAuthenticationExpiredError;
  return aboutExpiry(attempt, isOver ? Number.POSITIVE_INFINITY : nowMs) ?? LOGINS[attempt.login.is];
}

/** That the JWT of the attempt is over, or null where it has none or it still counts. */
function aboutExpiry({ login }: Attempt, nowMs: number): string | null {
  const { expiresMs = null } = login;
  if (login.is !== "creds" || expiresMs === null || expiresMs > nowMs) return null;
  return `the JWT of NATS_CREDS ended at ${new Date(expiresMs).toISOString()}, renew the file`;
}

function withExpiry(reason: string, attempt: Attempt, nowMs: number): string {
  const expiry = aboutExpiry(attempt, nowMs);
  return expiry === null ? reason : `${reason}: ${expiry}`;
}

function aboutTls(code: string, attempt: Attempt): string | null {
  const { greeting, hasCertificate } = attempt;
  if (attempt.wantsTls && greeting?.tls === "none") {
    return attempt.isTlsFirst
      ? "TLS ends before the server, which knows nothing of it: let the server do TLS"
      : "the server speaks no TLS: write nats:// in NATS_URL, and set no NATS_TLS_ name";
  }
  if (UNKNOWN_SIGNER.has(code)) {
    return attempt.hasCa
      ? "the server's certificate is not signed by the CA of NATS_TLS_CA"
      : "the server's certificate is signed by a CA that is not known here: set NATS_TLS_CA";
  }
  if (code === "CERT_HAS_EXPIRED") return "the server's certificate has expired";
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return `the server's certificate is not for ${attempt.host}: NATS_URL has to name it as its certificate does`;
  }
  if (!hasCertificate && (greeting?.asksForCertificate || code.endsWith("CERTIFICATE_REQUIRED"))) {
    return "the server asks for a client certificate: set NATS_TLS_CERT and NATS_TLS_KEY";
  }
  const isRefused = code.includes("_ALERT_") || (greeting?.asksForCertificate && BROKEN.has(code));
  return hasCertificate && isRefused
    ? "the server does not take the client certificate of NATS_TLS_CERT"
    : null;
}

function aboutNetwork(error: unknown, code: string, { greeting }: Attempt): string {
  if (code === "ECONNREFUSED") return "connection refused";
  if (error instanceof errors.TimeoutError) return "the server greets, and then does not answer in time";
  if (greeting !== null && BROKEN.has(code)) return "the server greets, and then ends the connection";
  return reasonOf(error) || "connection refused";
}

/** The system's code of an error or of what caused it; empty without one. */
function codeOf(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (typeof code === "string") return code;
  }
  return "";
}
