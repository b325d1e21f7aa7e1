// No output of the program holds a secret: not of a start with faults, not of a gateway that cannot connect.
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { nkeys } from "nats";
import { type Gateway, linesOf, runCommand, startGateway } from "../support/gatewayprocess.ts";
import { startNats } from "../support/natsserver.ts";
import { PASTES, piecesOf } from "../support/secrets.ts";
import { until } from "../support/until.ts";

const folder = mkdtempSync(join(tmpdir(), "pixelgate-output-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A secret of each kind. */
const secrets = PASTES.map((paste) => fc.sample(paste, 1)[0] ?? "");
const pieces = secrets.flatMap(piecesOf);

const PASTED = [
  "NATS_CREDS",
  "NATS_NKEY",
  "NATS_TLS_KEY",
  "NATS_TLS_CERT",
  "NATS_TLS_CA",
  "PIXELGATE_CONFIG",
  "PORT",
];

test("pixelgate with something pasted into every setting says which, in a line each, and shows nothing of it", async () => {
  const env = Object.fromEntries(PASTED.map((name, at) => [name, secrets[at % secrets.length] ?? ""]));
  const url = "nats://me:7hunter2%zz@127.0.0.1:1";
  const { code, stdout, stderr } = await runCommand([], {
    ...env,
    NATS_URL: url,
    PIXELGATE_DATA_DIR: folder,
  });
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  const lines = stderr.trimEnd().split("\n");
  for (const name of [
    "NATS_CREDS",
    "NATS_NKEY",
    "NATS_TLS_KEY",
    "NATS_TLS_CERT",
    "NATS_TLS_CA",
    "PORT",
    "NATS_URL",
  ]) {
    expect(lines.some((line) => line.startsWith(`Cannot read ${name}: `))).toBe(true);
  }
  expect(lines.filter((line) => !line.startsWith("Cannot read "))).toEqual([
    "Cannot use NATS_NKEY together with NATS_CREDS: each says who one is",
  ]);
  for (const piece of [...pieces, "hunter2"]) expect(stderr).not.toContain(piece);
});

test("pixelgate shows nothing of what is pasted behind its name", async () => {
  const [pem = "", json = ""] = secrets;
  for (const words of [["check", json], ["check", pem], [pem], ["tail", "a", json], ["schema", json]]) {
    const { code, stderr } = await runCommand(words, { PIXELGATE_DATA_DIR: folder });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^Cannot [^\n]+\n$/);
    for (const piece of pieces) expect(stderr).not.toContain(piece);
  }
});

async function logged(gateway: Gateway): Promise<string> {
  await until("it cannot connect", () => linesOf(gateway, "Cannot connect to NATS").length > 0);
  await fetch(gateway.adminUrl, { headers: { Authorization: "Bearer guess" } });
  await gateway.stop();
  return gateway.output();
}

test("a gateway that cannot connect logs nothing of its credentials, whatever is wrong with them", async () => {
  const nats = await startNats({ config: "authorization { user: other, password: other }" });
  const { host } = new URL(nats.url);
  const file = join(folder, "faulty.creds");
  writeFileSync(file, secrets.join("\n"));
  // Whole, but of nobody that the server knows.
  const seed = new TextDecoder().decode(nkeys.createUser().getSeed());
  const nkey = join(folder, "other.nk");
  writeFileSync(nkey, seed);
  const word = () => fc.sample(fc.stringMatching(/^z[a-z0-9]{11}$/), 1)[0] ?? "";
  const [token = "", password = "", inUrl = "", admin = ""] = [word(), word(), word(), word()];
  const faulty: readonly Record<string, string>[] = [
    { NATS_CREDS: file },
    { NATS_NKEY: file },
    { NATS_NKEY: nkey },
    { NATS_TLS_CERT: file, NATS_TLS_KEY: file },
    { NATS_TOKEN: token, NATS_USER: "me", NATS_PASSWORD: password },
  ];
  const outputs = await Promise.all(
    faulty.map(async (env) =>
      logged(
        await startGateway({
          env: { NATS_URL: `nats://me:${inUrl}@${host}`, ADMIN_TOKEN: admin, LOG_LEVEL: "debug", ...env },
        }),
      ),
    ),
  ).finally(nats.stop);
  for (const output of outputs) {
    for (const piece of [...pieces, seed, token, password, inUrl, admin]) expect(output).not.toContain(piece);
  }
}, 30_000);
