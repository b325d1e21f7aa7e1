import { expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";

import { connect, nkeys } from "nats";
import { type NatsServer, patiently, startCluster, startNats } from "../../support/natsserver.ts";
import {
  afterTest,
  countIds,
  deliver,
  event,
  openDelivery,
  putAwayAfterEach,
  readStream,
  STREAM,
  temporaryFolder,
  untilUp,
} from "../../support/parts.ts";
import { whyNot } from "../../support/system.ts";
import { unless } from "../../support/unless.ts";
import { until } from "../../support/until.ts";

putAwayAfterEach();

async function nats(config: string): Promise<NatsServer> {
  const server = await startNats({ config });
  afterTest(server.stop);
  return server;
}

async function publishes(options: Parameters<typeof openDelivery>[0]): Promise<string> {
  const delivery = openDelivery(options);
  await untilUp(delivery);
  expect(await deliver(delivery, event("one"))).toBe("published");
  return delivery.log.lines.join("\n");
}

test("createConnection takes user and password from the server's URL, percent-encoded", async () => {
  const server = await nats('authorization { user: "a@b", password: "p:/w d" }');
  const url = server.url.replace("nats://", "nats://a%40b:p%3A%2Fw%20d@");
  const log = await publishes({ nats: { servers: [url] } });
  expect(log).not.toContain("p:/w");
  expect(log).not.toContain("p%3A");
});

test("createConnection takes a token, given alone or in the URL", async () => {
  const server = await nats("authorization { token: s3cr3t }");
  await publishes({ nats: { servers: [server.url], token: "s3cr3t" } });
  await publishes({ nats: { servers: [server.url.replace("nats://", "nats://s3cr3t@")] } });
});

const withOpenssl = unless(whyNot("openssl"));

/** Makes a key and a certificate signed by `ca`, or by itself. */
function certify(folder: string, name: string, ca: string | null, extensions: string): void {
  const run = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  writeFileSync(join(folder, `${name}.ext`), extensions);
  run(
    "req",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-keyout",
    `${name}.key`,
    "-out",
    `${name}.csr`,
    "-subj",
    `/CN=${name}`,
  );
  const signer =
    ca === null
      ? ["-signkey", `${name}.key`]
      : ["-CA", `${ca}.pem`, "-CAkey", `${ca}.key`, "-CAcreateserial"];
  run(
    "x509",
    "-req",
    "-in",
    `${name}.csr`,
    ...signer,
    "-days",
    "2",
    "-extfile",
    `${name}.ext`,
    "-out",
    `${name}.pem`,
  );
}

withOpenssl.test("createConnection speaks TLS with a CA and a client certificate of one's own", async () => {
  const folder = temporaryFolder();
  certify(folder, "ca", null, "basicConstraints=critical,CA:TRUE");
  certify(folder, "server", "ca", "subjectAltName=DNS:localhost,IP:127.0.0.1");
  certify(folder, "client", "ca", "extendedKeyUsage=clientAuth");
  const file = (name: string) => join(folder, name);
  const server = await nats(
    `tls { cert_file: "${file("server.pem")}", key_file: "${file("server.key")}", ca_file: "${file("ca.pem")}", verify: true }`,
  );
  const certificate = { tlsCertFile: file("client.pem"), tlsKeyFile: file("client.key") };
  const servers = [`tls://localhost:${server.port}`];
  await publishes({ nats: { servers, tlsCaFile: file("ca.pem"), ...certificate } });

  const stranger = openDelivery({ nats: { servers, ...certificate } });
  await until("it is reported", () =>
    stranger.log.lines.some((line) => line.includes("Cannot connect to NATS")),
  );
  expect(await deliver(stranger, event("two"))).toBe("spooled");
});

const base64url = (text: string | Uint8Array) => Buffer.from(text).toString("base64url");

/** A NATS claim as a signed JWT. */
function sign(
  issuer: nkeys.KeyPair,
  subject: nkeys.KeyPair,
  name: string,
  claims: Record<string, unknown>,
): string {
  const header = base64url('{"typ":"JWT","alg":"ed25519-nkey"}');
  const body = base64url(
    JSON.stringify({
      jti: crypto.randomUUID(),
      iat: Math.floor(Date.now() / 1000),
      iss: issuer.getPublicKey(),
      sub: subject.getPublicKey(),
      name,
      nats: { version: 2, ...claims },
    }),
  );
  const signature = base64url(issuer.sign(new TextEncoder().encode(`${header}.${body}`)));
  return `${header}.${body}.${signature}`;
}

test("createConnection takes a credentials file", async () => {
  const [operator, system, account, user] = [
    nkeys.createOperator(),
    nkeys.createAccount(),
    nkeys.createAccount(),
    nkeys.createUser(),
  ];
  const unbound = { subs: -1, data: -1, payload: -1 };
  const limits = { ...unbound, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
  const storage = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
  const operatorJwt = sign(operator, operator, "op", {
    type: "operator",
    system_account: system.getPublicKey(),
  });
  const systemJwt = sign(operator, system, "sys", { type: "account", limits });
  const accountJwt = sign(operator, account, "events", {
    type: "account",
    limits: { ...limits, ...storage },
  });
  const userJwt = sign(account, user, "gateway", { type: "user", ...unbound });
  const server = await nats(
    [
      `operator: ${operatorJwt}`,
      "resolver: MEMORY",
      `resolver_preload: { ${system.getPublicKey()}: ${systemJwt}, ${account.getPublicKey()}: ${accountJwt} }`,
    ].join("\n"),
  );
  const credsFile = join(temporaryFolder(), "gateway.creds");
  const block = (kind: string, text: string) => `-----BEGIN ${kind}-----\n${text}\n------END ${kind}------\n`;
  const seed = new TextDecoder().decode(user.getSeed());
  writeFileSync(credsFile, `${block("NATS USER JWT", userJwt)}\n${block("USER NKEY SEED", seed)}`);
  const log = await publishes({ nats: { servers: [server.url], credsFile } });
  expect(log).not.toContain(seed);
});

test("createConnection finds the other servers of a cluster by the one it knows", async () => {
  const servers = await startCluster(3);
  for (const server of servers) afterTest(server.stop);
  const [first, second] = servers;
  if (first === undefined || second === undefined) throw new Error("there is no cluster");
  const delivery = openDelivery({ nats: { servers: [first.url] }, stream: { ...STREAM, replicas: 3 } });
  await untilUp(delivery);
  const connection = await connect({ servers: second.url });
  const info = await patiently(async () => (await jetstreamManager(connection)).streams.info("PIXEL"));
  await connection.close();
  expect(info.config.num_replicas).toBe(3);
  expect(await deliver(delivery, event("before"))).toBe("published");
  await first.kill();
  await until(
    "it is connected elsewhere",
    async () => (await deliver(delivery, event(crypto.randomUUID()))) === "published",
  );
  await until("the spool is empty", () => delivery.state().spooled === 0);
  expect(countIds(await readStream(second.url)).get("before.warehouse")).toBe(1);
}, 60_000);
