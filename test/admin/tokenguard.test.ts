import { expect, test } from "bun:test";
import { createTokenGuard } from "../../src/admin/tokenguard.ts";

const TOKEN = "s3:cret~+/=";
const guard = createTokenGuard(TOKEN);

function ask(authorization: string | null): Request {
  const headers = authorization === null ? {} : { Authorization: authorization };
  return new Request("http://127.0.0.1:9090/metrics", { headers });
}

const basic = (pair: string) => `Basic ${Buffer.from(pair).toString("base64")}`;

const ROWS: readonly [what: string, authorization: string | null, isAdmitted: boolean][] = [
  ["the bearer token", `Bearer ${TOKEN}`, true],
  ["the scheme in other letters", `bearer ${TOKEN}`, true],
  ["the password of any user", basic(`admin:${TOKEN}`), true],
  ["the password of no user", basic(`:${TOKEN}`), true],
  ["nothing", null, false],
  ["an empty header", "", false],
  ["a scheme alone", "Bearer", false],
  ["another bearer token", "Bearer guess", false],
  ["the beginning of the token", `Bearer ${TOKEN.slice(0, -1)}`, false],
  ["the token and more", `Bearer ${TOKEN}x`, false],
  ["the token in other letters", `Bearer ${TOKEN.toUpperCase()}`, false],
  ["the token as a user", basic(`${TOKEN}:`), false],
  ["the token without a colon", basic("token"), false],
  ["what is not base64", "Basic ***", false],
  ["an empty password", basic("admin:"), false],
  ["the token without a scheme", TOKEN, false],
  ["the token of another scheme", `Digest ${TOKEN}`, false],
];

for (const [what, authorization, isAdmitted] of ROWS) {
  test(`createTokenGuard ${isAdmitted ? "admits" : "refuses"} ${what}`, () => {
    expect(guard(ask(authorization))?.status ?? null).toBe(isAdmitted ? null : 401);
  });
}

test("createTokenGuard asks a browser for a password, and tells nothing of the token", () => {
  const refusal = guard(ask(`Bearer ${TOKEN}x`));
  expect(refusal?.headers).toEqual({
    "WWW-Authenticate": 'Basic realm="Pixelgate admin port", charset="UTF-8"',
  });
  expect(JSON.stringify(refusal)).not.toContain(TOKEN);
});

test("createTokenGuard admits everybody where there is no token", () => {
  const open = createTokenGuard(null);
  for (const [, authorization] of ROWS) expect(open(ask(authorization))).toBeNull();
});
