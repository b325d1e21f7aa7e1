// Two nats-servers as an edge and a centre: a leaf node whose link to its hub can be held back. Both have JetStream, in
// domains of their own, and what is published at the leaf goes to the hub's streams, too.
import { type SlowProxy, startSlowProxy } from "../faults/slow.ts";
import { freePort } from "./freeport.ts";
import { type NatsServer, startNats } from "./natsserver.ts";
import { afterTest, temporaryFolder } from "./parts.ts";

export interface LeafAndHub {
  readonly leaf: NatsServer;
  readonly hub: NatsServer;
  /** Between them; what it holds back is what the hub says to the leaf. */
  readonly link: SlowProxy;
}

/** May publish events and hear acks, and neither ask about streams nor make any. */
const USERS = `
authorization {
  users: [
    { user: admin, password: a }
    { user: gateway, password: g, permissions: { publish: ["pixel.>"], subscribe: ["_INBOX.>"] } }
  ]
}
no_auth_user: admin
`;

/** Starts both, in folders that go away after the test. */
export async function startLeafAndHub(): Promise<LeafAndHub> {
  const port = await freePort();
  const jetstream = (domain: string) => `jetstream { store_dir: "${temporaryFolder()}", domain: ${domain} }`;
  const hub = await startNats({
    config: `${jetstream("hub")}\nleafnodes { listen: "127.0.0.1:${port}" }\n${USERS}`,
  });
  afterTest(hub.stop);
  const link = await startSlowProxy(port);
  afterTest(link.stop);
  const remote = `leafnodes { remotes: [{ url: "nats-leaf://admin:a@127.0.0.1:${link.port}" }] }`;
  const leaf = await startNats({ config: `${jetstream("leaf")}\n${remote}\n${USERS}` });
  afterTest(leaf.stop);
  return { leaf, hub, link };
}
