// Accounts and users as JWTs, made in the test: what a server in operator mode is given, and what its users hold.
import { nkeys } from "nats";

const base64url = (text: string | Uint8Array) => Buffer.from(text).toString("base64url");

/** A NATS claim as a signed JWT; `expiresAt` in seconds since 1970. */
function sign(
  issuer: nkeys.KeyPair,
  subject: nkeys.KeyPair,
  name: string,
  claims: Record<string, unknown>,
  expiresAt?: number,
): string {
  const header = base64url('{"typ":"JWT","alg":"ed25519-nkey"}');
  const body = base64url(
    JSON.stringify({
      jti: crypto.randomUUID(),
      iat: Math.floor(Date.now() / 1000),
      ...(expiresAt === undefined ? {} : { exp: expiresAt }),
      iss: issuer.getPublicKey(),
      sub: subject.getPublicKey(),
      name,
      nats: { version: 2, ...claims },
    }),
  );
  const signature = base64url(issuer.sign(new TextEncoder().encode(`${header}.${body}`)));
  return `${header}.${body}.${signature}`;
}

const UNBOUND = { subs: -1, data: -1, payload: -1 };
const LIMITS = { ...UNBOUND, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
const STORAGE = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };

export interface OperatorMode {
  /** Lines of the server's configuration. */
  readonly config: string;
  /**
   * A credentials file's content for a new user of the account with JetStream, and the seed in it. `expiresAt` in seconds
   * since 1970, `maxPayload` in bytes.
   */
  user(bounds?: { expiresAt?: number; maxPayload?: number }): {
    readonly creds: string;
    readonly seed: string;
  };
}

/** An operator with an account that may use JetStream. */
export function createOperatorMode(): OperatorMode {
  const [operator, system, account] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createAccount()];
  const operatorJwt = sign(operator, operator, "op", {
    type: "operator",
    system_account: system.getPublicKey(),
  });
  const systemJwt = sign(operator, system, "sys", { type: "account", limits: LIMITS });
  const accountJwt = sign(operator, account, "events", {
    type: "account",
    limits: { ...LIMITS, ...STORAGE },
  });
  const block = (kind: string, text: string) => `-----BEGIN ${kind}-----\n${text}\n------END ${kind}------\n`;
  return {
    config: [
      `operator: ${operatorJwt}`,
      "resolver: MEMORY",
      `resolver_preload: { ${system.getPublicKey()}: ${systemJwt}, ${account.getPublicKey()}: ${accountJwt} }`,
    ].join("\n"),
    user: ({ expiresAt, maxPayload = -1 } = {}) => {
      const user = nkeys.createUser();
      const seed = new TextDecoder().decode(user.getSeed());
      const claims = { type: "user", ...UNBOUND, payload: maxPayload };
      const jwt = sign(account, user, "gateway", claims, expiresAt);
      return { creds: `${block("NATS USER JWT", jwt)}\n${block("USER NKEY SEED", seed)}`, seed };
    },
  };
}
