// Whom a server lets in and why not, in words: each on a real nats-server.
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect, nkeys } from "nats";
import { dial, type NatsOptions } from "../../../src/delivery/nats/servers.ts";
import { patiently } from "../../support/natsserver.ts";
import { createOperatorMode } from "../../support/operator.ts";
import { afterTest, nats, putAwayAfterEach, temporaryFolder } from "../../support/parts.ts";

putAwayAfterEach();

/** Why a dial fails; empty when it does not. */
async function refusal(options: NatsOptions): Promise<string> {
  try {
    await (await dial(options)).close();
    return "";
  } catch (error) {
    const address = new URL(options.servers[0] ?? "").host;
    expect((error as Error).message).toStartWith(`${address}: `);
    return (error as Error).message.slice(address.length + 2);
  }
}

const SETTINGS: readonly [what: string, config: string, options: Partial<NatsOptions>, says: string][] = [
  [
    "the user and password",
    "user: a, password: hunter2",
    { user: "a", password: "hunter3" },
    "it does not take the user and password",
  ],
  ["the token", "token: hunter2", { token: "hunter3" }, "it does not take the token"],
  ["nobody", "token: hunter2", {}, "it asks for credentials, and none are set"],
];
for (const [what, config, options, says] of SETTINGS) {
  test(`dial says that the server does not take ${what}`, async () => {
    const server = await nats({ config: `authorization { ${config} }` });
    const reason = await refusal({ servers: [server.url], ...options });
    expect(reason).toBe(`Authorization Violation: ${says}`);
    expect(reason).not.toContain("hunter");
  });
}

/** A new NKey user, with its seed in a file. */
function createNkey(file: string): { readonly publicKey: string; readonly seed: string } {
  const user = nkeys.createUser();
  const seed = new TextDecoder().decode(user.getSeed());
  writeFileSync(file, `${seed}\n`);
  return { publicKey: user.getPublicKey(), seed };
}

test("dial takes the seed of an NKey, reads its file anew at each dial, and says when it is the wrong one", async () => {
  const nkeyFile = join(temporaryFolder(), "gateway.nk");
  const { publicKey, seed } = createNkey(nkeyFile);
  const server = await nats({ config: `authorization { users: [{ nkey: ${publicKey} }] }` });
  const options = { servers: [server.url], nkeyFile };
  expect(await refusal(options)).toBe("");
  const other = createNkey(nkeyFile);
  expect(await refusal(options)).toBe("Authorization Violation: it does not take the NKey of NATS_NKEY");
  const block = `-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`;
  writeFileSync(nkeyFile, block);
  expect(await refusal(options)).toBe("");
  for (const content of ["", other.publicKey, seed.slice(0, -1), `${seed.slice(0, -2)}AA`]) {
    writeFileSync(nkeyFile, content);
    expect(await refusal(options)).toBe("the file of NATS_NKEY holds no seed of a user (SU…)");
  }
});

test("dial says when the JWT of a credentials file ended, and when it is somebody else's", async () => {
  const operator = createOperatorMode();
  const server = await nats({ config: operator.config });
  const credsFile = join(temporaryFolder(), "gateway.creds");
  const options = { servers: [server.url], credsFile };
  writeFileSync(credsFile, operator.user().creds);
  expect(await refusal(options)).toBe("");
  writeFileSync(credsFile, operator.user({ expiresAt: 1_700_000_000 }).creds);
  expect(await refusal(options)).toBe(
    "Authorization Violation: the JWT of NATS_CREDS ended at 2023-11-14T22:13:20.000Z, renew the file",
  );
  writeFileSync(credsFile, createOperatorMode().user().creds);
  expect(await refusal(options)).toBe(
    "Authorization Violation: it does not take the credentials of NATS_CREDS",
  );
  writeFileSync(credsFile, operator.user().creds.replace("NKEY SEED", "SEED"));
  expect(await refusal(options)).toBe("the file of NATS_CREDS holds no user JWT with its seed");
  expect(await refusal({ servers: [server.url], credsFile: `${credsFile}.gone` })).toBe(
    "the file of NATS_CREDS cannot be read: ENOENT",
  );
});

test("dial says that the server has too many connections, where the server still gets to say so", async () => {
  const server = await nats({ config: "max_connections: 1" });
  // Who looked whether the server was there may not be counted out yet.
  const only = await patiently(() => connect({ servers: server.url, reconnect: false }));
  afterTest(() => only.close());
  expect(await refusal({ servers: [server.url] })).toMatch(
    /^(maximum connections exceeded|the server greets, and then ends the connection)$/,
  );
});

test("dial says what is no NATS server, and where none listens", async () => {
  const http = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const talker = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { open: (socket) => void socket.write("220 mail.example ESMTP\r\n"), data() {} },
  });
  afterTest(() => talker.stop(true));
  expect(await refusal({ servers: [`nats://127.0.0.1:${talker.port}`] })).toBe(
    "what answers there is no NATS server",
  );
  const { port } = http;
  await http.stop(true);
  expect(await refusal({ servers: [`nats://127.0.0.1:${port}`] })).toBe("connection refused");
});

test("dial takes the user and password of the first URL at the others", async () => {
  const config = 'authorization { user: "a", password: "b" }';
  const [first, second] = [await nats({ config }), await nats({ config })];
  await first.kill();
  const withUser = first.url.replace("nats://", "nats://a:b@");
  const connection = await dial({ servers: [withUser, second.url] });
  expect(connection.getServer()).toBe(new URL(second.url).host);
  await connection.close();
  const own = second.url.replace("nats://", "nats://a:other@");
  await expect(dial({ servers: [withUser, own] })).rejects.toThrow("Authorization Violation");
});
