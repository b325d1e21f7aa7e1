import { expect, test } from "bun:test";
import { errors } from "nats";
import { type Attempt, reasonOfLoss, reasonOfRefusal } from "../../../src/delivery/nats/refusal.ts";

const NOW_MS = 1_700_000_000_000;
const ASKS: Attempt["greeting"] = {
  serverId: "N1",
  maxPayload: 1024,
  tls: "required",
  asksForCertificate: true,
};
const ATTEMPT: Attempt = {
  host: "a.example",
  login: { is: "nobody" },
  greeting: { ...ASKS, asksForCertificate: false },
  wantsTls: true,
  isTlsFirst: false,
  hasCa: true,
  hasCertificate: false,
};

const coded = (code: string) => Object.assign(new Error(`system says ${code}`), { code });
const violation = new errors.AuthorizationError("Authorization Violation");
const expired = new errors.UserAuthenticationExpiredError("User Authentication Expired");
const creds = (expiresMs: number | null) => ({ login: { is: "creds", expiresMs } }) as const;
const ended = "the JWT of NATS_CREDS ended at 2023-11-14T22:13:20.000Z, renew the file";
const certificateMissing = "the server asks for a client certificate: set NATS_TLS_CERT and NATS_TLS_KEY";
const certificateRefused = "the server does not take the client certificate of NATS_TLS_CERT";
const unknownSigner = "the server's certificate is signed by a CA that is not known here: set NATS_TLS_CA";

const ROWS: readonly [what: string, error: unknown, attempt: Partial<Attempt>, reason: string][] = [
  [
    "a user's refusal",
    violation,
    { login: { is: "user" } },
    "Authorization Violation: it does not take the user and password",
  ],
  ["a JWT that ends now", violation, creds(NOW_MS), `Authorization Violation: ${ended}`],
  [
    "a JWT that ends later",
    violation,
    creds(NOW_MS + 1),
    "Authorization Violation: it does not take the credentials of NATS_CREDS",
  ],
  [
    "a JWT without an end",
    violation,
    creds(null),
    "Authorization Violation: it does not take the credentials of NATS_CREDS",
  ],
  [
    "a JWT that the server's clock ends before ours",
    expired,
    creds(NOW_MS + 1000),
    "User Authentication Expired: the JWT of NATS_CREDS ended at 2023-11-14T22:13:21.000Z, renew the file",
  ],
  ["no certificate of Bun's", coded("EBADF"), { greeting: ASKS }, certificateMissing],
  ["no certificate of Deno's", new errors.TimeoutError(), { greeting: ASKS }, certificateMissing],
  [
    "no certificate, and TLS first",
    coded("ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED"),
    { greeting: null, isTlsFirst: true },
    certificateMissing,
  ],
  ["a stranger's certificate", coded("EBADF"), { greeting: ASKS, hasCertificate: true }, certificateRefused],
  [
    "a stranger's certificate on Deno",
    coded("EPERM"),
    { greeting: ASKS, hasCertificate: true },
    certificateRefused,
  ],
  [
    "a stranger's certificate, and TLS first",
    coded("ERR_SSL_TLSV1_ALERT_UNKNOWN_CA"),
    { greeting: null, isTlsFirst: true, hasCertificate: true },
    certificateRefused,
  ],
  ["a cut without a certificate", coded("EBADF"), {}, "the server greets, and then ends the connection"],
  [
    "a cut after a JWT has ended",
    coded("ECONNRESET"),
    creds(NOW_MS),
    `the server greets, and then ends the connection: ${ended}`,
  ],
  ["a CA that nobody knows", coded("SELF_SIGNED_CERT_IN_CHAIN"), { hasCa: false }, unknownSigner],
  [
    "a CA that the file does not hold",
    coded("UNABLE_TO_GET_ISSUER_CERT_LOCALLY"),
    {},
    "the server's certificate is not signed by the CA of NATS_TLS_CA",
  ],
  [
    "a certificate that has expired",
    new Error("connection", { cause: coded("CERT_HAS_EXPIRED") }),
    {},
    "the server's certificate has expired",
  ],
  ["nobody there", coded("ECONNREFUSED"), { greeting: null }, "connection refused"],
  ["a name that is not known", coded("ENOTFOUND"), { greeting: null }, "system says ENOTFOUND"],
  ["silence", new errors.TimeoutError(), {}, "the server greets, and then does not answer in time"],
];
for (const [what, error, attempt, reason] of ROWS) {
  test(`reasonOfRefusal tells of ${what}`, () =>
    expect(reasonOfRefusal(error, { ...ATTEMPT, ...attempt }, NOW_MS)).toBe(reason));
}

const LOSSES: readonly [what: string, ended: Error | string, attempt: Partial<Attempt>, reason: string][] = [
  ["a JWT's end that the server says", expired, creds(NOW_MS), `User Authentication Expired: ${ended}`],
  ["a JWT's end whose words got lost", "connection closed", creds(NOW_MS), `connection closed: ${ended}`],
  ["a JWT's end that broke it", coded("ECONNRESET"), creds(NOW_MS), `system says ECONNRESET: ${ended}`],
  ["a server that stops, and a JWT that counts", "connection closed", creds(NOW_MS + 1), "connection closed"],
  ["a server that stops, and no JWT", new Error("Server Shutdown"), {}, "Server Shutdown"],
];
for (const [what, error, attempt, reason] of LOSSES) {
  test(`reasonOfLoss tells of ${what}`, () =>
    expect(reasonOfLoss(error, { ...ATTEMPT, ...attempt }, NOW_MS)).toBe(reason));
}
