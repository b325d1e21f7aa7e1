// What people paste into a setting by mistake: files, keys, tokens and URLs with a password, made at random.
import fc from "fast-check";

const base64 = (min: number, max: number) =>
  fc.uint8Array({ minLength: min, maxLength: max }).map((bytes) => Buffer.from(bytes).toString("base64"));
const word = fc.stringMatching(/^[A-Za-z0-9]{12}$/);

function pem(kind: string, body: string): string {
  return `-----BEGIN ${kind}-----\n${body.replaceAll(/.{64}/g, "$&\n")}\n-----END ${kind}-----\n`;
}

/** Arbitraries of such texts, one a kind. */
export const PASTES: readonly [fc.Arbitrary<string>, ...fc.Arbitrary<string>[]] = [
  // A key, a certificate, a credentials file.
  fc
    .tuple(fc.constantFrom("PRIVATE KEY", "CERTIFICATE", "NATS USER JWT"), base64(48, 600))
    .map(([kind, body]) => pem(kind, body)),
  // A configuration file, in lines or in one.
  fc
    .tuple(word, fc.constantFrom(0, 2))
    .map(([writeKey, indent]) => JSON.stringify({ sources: [{ id: "a", writeKey }] }, null, indent)),
  // A token of 32 hexadecimal digits, of base64, of an nkey.
  fc.uint8Array({ minLength: 16, maxLength: 32 }).map((bytes) => `0a${Buffer.from(bytes).toString("hex")}`),
  fc.stringMatching(/^SU[A-Z2-7]{56}$/),
  // A URL with a password, and one that cannot be decoded.
  fc
    .tuple(word, fc.constantFrom("", "%zz", "%", "#", "/"))
    .map(([w, end]) => `nats://me:7${w}${end}@127.0.0.1:1`),
  // A file without a line break at its end that is longer than a path.
  base64(4000, 5000),
];

/** The pieces of a pasted text that must not be shown, each long enough to be no coincidence. */
export function piecesOf(secret: string): string[] {
  return secret.match(/[A-Za-z0-9+/=]{12,}/g) ?? [];
}
