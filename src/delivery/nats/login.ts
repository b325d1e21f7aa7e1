// Who we are to a server: of several ways to say it one counts. Reads the files anew at each dial, so that a renewed one
// counts, and tells nobody what is in them.
import { type Authenticator, credsAuthenticator, nkeyAuthenticator, nkeys } from "nats";
import type { NatsConfig } from "../../config/environment.ts";
import type { Server } from "../../config/natsserver.ts";
import { NatsError } from "./fault.ts";
import { readSettingFile } from "./settingfile.ts";

/** The settings that say who we are. */
export type Credentials = Partial<Pick<NatsConfig, "credsFile" | "nkeyFile" | "token" | "user" | "password">>;

/** One way to say who we are. Holds credentials: never logged. */
export type Login =
  | { readonly is: "nobody" }
  /** `expiresMs`: when the JWT of the file ends, in milliseconds since 1970; null when it never does. */
  | { readonly is: "creds"; readonly authenticator: Authenticator; readonly expiresMs: number | null }
  | { readonly is: "nkey"; readonly authenticator: Authenticator }
  | { readonly is: "token"; readonly token: string }
  | { readonly is: "user"; readonly user: string; readonly password: string | null };

/** The way that counts at a server. Throws a `NatsError` for a file that cannot be read, or holds something else. */
export function readLogin(server: Pick<Server, "user" | "password">, credentials: Credentials): Login {
  const { credsFile, nkeyFile, token } = credentials;
  const user = credentials.user ?? server.user;
  const password = credentials.password ?? server.password;
  if (credsFile) return readCreds(readSettingFile(credsFile, "NATS_CREDS"));
  if (nkeyFile) return readNkey(readSettingFile(nkeyFile, "NATS_NKEY"));
  if (token) return { is: "token", token };
  if (user === null) return { is: "nobody" };
  // As in other NATS clients, a user without a password in a URL is a token.
  if (password === null && credentials.user == null) return { is: "token", token: user };
  return { is: "user", user, password };
}

function readCreds(content: Buffer): Login {
  const text = content.toString();
  const jwt = /-{3,}BEGIN NATS USER JWT-{3,}\s+([\w.-]+)/.exec(text)?.[1];
  const seed = /-{3,}BEGIN USER NKEY SEED-{3,}\s+(\w+)/.exec(text)?.[1];
  if (jwt === undefined || seed === undefined || !isUserSeed(seed)) {
    throw new NatsError("the file of NATS_CREDS holds no user JWT with its seed");
  }
  return { is: "creds", authenticator: credsAuthenticator(content), expiresMs: expiryOf(jwt) };
}

/** The seed alone, or in lines that say what it is, as tools write it. */
function readNkey(content: Buffer): Login {
  const seed = /\bSU[A-Z2-7]{56}\b/.exec(content.toString())?.[0];
  if (seed === undefined || !isUserSeed(seed)) {
    throw new NatsError("the file of NATS_NKEY holds no seed of a user (SU…)");
  }
  return { is: "nkey", authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)) };
}

function isUserSeed(seed: string): boolean {
  try {
    return nkeys.fromSeed(new TextEncoder().encode(seed)).getPublicKey().startsWith("U");
  } catch {
    return false;
  }
}

function expiryOf(jwt: string): number | null {
  try {
    const claims: unknown = JSON.parse(Buffer.from(jwt.split(".")[1] ?? "", "base64url").toString());
    const { exp } = Object(claims) as { exp?: unknown };
    return typeof exp === "number" && exp > 0 ? exp * 1000 : null;
  } catch {
    // The server says what it thinks of such a one.
    return null;
  }
}
