// TLS with a real nats-server: who is let in, and why not, in words.
import { expect } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { connect as connectSocket } from "node:net";
import { join } from "node:path";
import { createServer } from "node:tls";
import { learnServer, readServer } from "../../../src/config/natsserver.ts";
import { dial, dialServer, type NatsOptions } from "../../../src/delivery/nats/servers.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { type Certified, certify, FOR } from "../../support/certificates.ts";
import { whyTooOld } from "../../support/natsbinaries.ts";
import { afterTest, nats, putAwayAfterEach, temporaryFolder } from "../../support/parts.ts";
import { whyNot } from "../../support/system.ts";
import { unless } from "../../support/unless.ts";

putAwayAfterEach();

const { test } = unless(whyNot("openssl"));
const { test: testFirst } = unless(whyNot("openssl") ?? whyTooOld("handshake_first", "2.10.4"));

interface Papers {
  readonly authority: Certified;
  readonly otherAuthority: Certified;
  readonly server: Certified;
  readonly client: Certified;
  readonly stranger: Certified;
}

function makePapers(serverIsFor: string = FOR.localhost): Papers {
  const folder = temporaryFolder();
  const authority = certify(folder, "ca", FOR.authority);
  const otherAuthority = certify(folder, "other", FOR.authority);
  return {
    authority,
    otherAuthority,
    server: certify(folder, "server", serverIsFor, authority),
    client: certify(folder, "client", FOR.client, authority),
    stranger: certify(folder, "stranger", FOR.client, otherAuthority),
  };
}

function tlsConfig({ authority, server }: Papers, more = ""): string {
  return `tls { cert_file: "${server.pem}", key_file: "${server.key}", ca_file: "${authority.pem}", ${more} }`;
}

const client = ({ key, pem }: Certified) => ({ tlsCertFile: pem, tlsKeyFile: key });

/** Why a dial of a port of this machine fails; empty when it does not. */
async function refusal(port: number, options: Partial<NatsOptions>, scheme = "tls"): Promise<string> {
  try {
    await (await dial({ servers: [`${scheme}://localhost:${port}`], ...options })).close();
    return "";
  } catch (error) {
    return (error as Error).message.replace(`localhost:${port}: `, "");
  }
}

test("dial says that the server asks for a client certificate, and that it does not take one", async () => {
  const papers = makePapers();
  const { port } = await nats({ config: tlsConfig(papers, "verify: true") });
  const ca = { tlsCaFile: papers.authority.pem };
  expect(await refusal(port, { ...ca, ...client(papers.client) })).toBe("");
  expect(await refusal(port, ca)).toBe(
    "the server asks for a client certificate: set NATS_TLS_CERT and NATS_TLS_KEY",
  );
  expect(await refusal(port, { ...ca, ...client(papers.stranger) })).toBe(
    "the server does not take the client certificate of NATS_TLS_CERT",
  );
});

test("dial says that nobody it knows has signed the server's certificate", async () => {
  const papers = makePapers();
  const { port } = await nats({ config: tlsConfig(papers) });
  expect(await refusal(port, { tlsCaFile: papers.authority.pem }, "nats")).toBe("");
  const unknown = "the server's certificate is signed by a CA that is not known here: set NATS_TLS_CA";
  expect(await refusal(port, {})).toBe(unknown);
  // The server asks for TLS, whatever the URL says.
  expect(await refusal(port, {}, "nats")).toBe(unknown);
  expect(await refusal(port, { tlsCaFile: papers.otherAuthority.pem })).toBe(
    "the server's certificate is not signed by the CA of NATS_TLS_CA",
  );
});

test("dial says of files that are no certificate and key, which the socket would throw for", async () => {
  const papers = makePapers();
  const { port } = await nats({ config: tlsConfig(papers, "verify: true") });
  const { authority, client: own, stranger } = papers;
  const key = "the files of NATS_TLS_CERT and NATS_TLS_KEY are no certificate and its key: ";
  const swapped = { tlsCertFile: own.key, tlsKeyFile: own.pem };
  const mixed = { tlsCertFile: own.pem, tlsKeyFile: stranger.key };
  for (const files of [swapped, mixed]) {
    expect(await refusal(port, { tlsCaFile: authority.pem, ...files })).toStartWith(key);
  }
  const junk = join(temporaryFolder(), "ca.pem");
  writeFileSync(junk, "hunter2");
  const reason = await refusal(port, { tlsCaFile: junk });
  expect(reason).toStartWith("the file of NATS_TLS_CA holds no certificate: ");
  expect(reason).not.toContain("hunter2");
  expect(await refusal(port, { tlsCaFile: `${junk}.gone` })).toBe(
    "the file of NATS_TLS_CA cannot be read: ENOENT",
  );
});

test("dial says that the server's certificate is for another name", async () => {
  const papers = makePapers(FOR.elsewhere);
  const { port } = await nats({ config: tlsConfig(papers) });
  expect(await refusal(port, { tlsCaFile: papers.authority.pem })).toBe(
    "the server's certificate is not for localhost: NATS_URL has to name it as its certificate does",
  );
});

test("dialServer holds a learned server's certificate against the name of the one that told", async () => {
  const papers = makePapers(FOR.localhostByName);
  const { port } = await nats({ config: tlsConfig(papers) });
  const options = { servers: [], tlsCaFile: papers.authority.pem };
  const teller = readServer(`tls://localhost:${port}`);
  const learned = learnServer(`127.0.0.1:${port}`, teller);
  const { connection } = await dialServer(learned, options, systemClock);
  await connection.close();
  const byNumber = dialServer({ ...learned, tlsName: null }, options, systemClock);
  await expect(byNumber).rejects.toThrow("the server's certificate is not for 127.0.0.1");
});

test("dial says that a server speaks no TLS, and that one greets before it does", async () => {
  const papers = makePapers();
  const plain = await nats();
  const ca = { tlsCaFile: papers.authority.pem };
  const none = "the server speaks no TLS: write nats:// in NATS_URL, and set no NATS_TLS_ name";
  expect(await refusal(plain.port, {})).toBe(none);
  expect(await refusal(plain.port, ca, "nats")).toBe(none);
  const later = "the server greets before it speaks TLS: unset NATS_TLS_FIRST";
  expect(await refusal(plain.port, { tlsFirst: true }, "nats")).toBe(later);
  const secured = await nats({ config: tlsConfig(papers) });
  expect(await refusal(secured.port, { ...ca, tlsFirst: true })).toBe(later);
});

testFirst("dial speaks TLS before the greeting, and says what is missing", async () => {
  const papers = makePapers();
  const config = tlsConfig(papers, "handshake_first: true, verify: true");
  const { port } = await nats({ config, isTlsFirst: true });
  const first = { tlsFirst: true, tlsCaFile: papers.authority.pem };
  expect(await refusal(port, { ...first, ...client(papers.client) }, "nats")).toBe("");
  expect(await refusal(port, first)).toBe(
    "the server asks for a client certificate: set NATS_TLS_CERT and NATS_TLS_KEY",
  );
  expect(await refusal(port, { ...first, ...client(papers.stranger) })).toBe(
    "the server does not take the client certificate of NATS_TLS_CERT",
  );
  expect(await refusal(port, { tlsFirst: true, ...client(papers.client) })).toBe(
    "the server's certificate is signed by a CA that is not known here: set NATS_TLS_CA",
  );
  expect(await refusal(port, { ...client(papers.client), tlsCaFile: papers.authority.pem })).toBe(
    "the server speaks TLS before it greets: set NATS_TLS_FIRST=true",
  );
});

test("dial says that TLS has to come first, also before a server that is too old for it", async () => {
  const papers = makePapers();
  const plain = await nats();
  const { server, authority } = papers;
  const front = createServer(
    { cert: readFileSync(server.pem), key: readFileSync(server.key), handshakeTimeout: 200 },
    (socket) => {
      const behind = connectSocket(plain.port, "127.0.0.1");
      socket.pipe(behind).pipe(socket);
      for (const end of [socket, behind]) end.on("error", () => {});
    },
  );
  front.on("tlsClientError", (_error, socket) => socket.destroy());
  await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
  afterTest(() => front.close());
  const address = front.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  expect(await refusal(port, {}, "nats")).toBe(
    "the server speaks TLS before it greets: set NATS_TLS_FIRST=true",
  );
  expect(await refusal(port, { tlsFirst: true, tlsCaFile: authority.pem })).toBe(
    "TLS ends before the server, which knows nothing of it: let the server do TLS",
  );
});
