// A destination whose stream answers in ways of its own: somebody who answers in its place, on a real server.
import { expect, test } from "bun:test";
import { connect, type Msg } from "nats";
import { administer } from "../support/natsserver.ts";
import { OWN_STREAMS, openNeighbours } from "../support/neighbours.ts";
import { afterTest, nats, putAwayAfterEach } from "../support/parts.ts";
import { until } from "../support/until.ts";

putAwayAfterEach();

/** The gateway may not look at streams: it takes it that they are there. */
const USERS = `
authorization {
  users: [
    { user: admin, password: secret-a }
    { user: gateway, password: secret-g, permissions: { publish: ["pixel.>"] } }
  ]
}
no_auth_user: admin
`;

/** A gateway whose broken destination's messages come here. */
async function answerInPlaceOfStream(onMessage: (id: string, message: Msg) => void) {
  const server = await nats({ config: USERS });
  await administer(server.url, (manager) =>
    manager.streams.add({ name: "PIXEL", subjects: ["pixel.healthy.>"], discard: "new" }),
  );
  const answerer = await connect({ servers: server.url });
  afterTest(() => answerer.close());
  answerer.subscribe("pixel.broken.>", {
    callback: (_error, message) => {
      const id = message.headers?.get("Nats-Msg-Id") ?? "";
      // Without one it is the question who takes the subject.
      if (id !== "") onMessage(id, message);
    },
  });
  await answerer.flush();
  return openNeighbours(OWN_STREAMS, {
    nats: { servers: [server.url], user: "gateway", password: "secret-g" },
  });
}

const STORED = JSON.stringify({ stream: "BROKEN", seq: 1 });
const BUSY = JSON.stringify({
  error: { code: 409, err_code: 10158, description: "duplicate message id is in process" },
  stream: "BROKEN",
  seq: 0,
});

test("deliver spools a copy whose id is in process, which is tried again each second and holds up no other", async () => {
  const seen = new Map<string, number>();
  let isStuck = true;
  const { send, stateOf, states } = await answerInPlaceOfStream((id, message) => {
    seen.set(id, (seen.get(id) ?? 0) + 1);
    message.respond(id.startsWith("stuck-") && isStuck ? BUSY : STORED);
  });
  expect(await send("stuck", 1, ["healthy", "broken"])).toEqual(["spooled"]);
  await until("it is tried three times", () => (seen.get("stuck-0.broken") ?? 0) >= 3);
  expect(await send("other", 50, ["broken"])).toEqual(Array(50).fill("published"));
  expect(stateOf("broken")).toMatchObject({ state: "open", copies: 1 });
  isStuck = false;
  await until("it is stored", () => stateOf("broken").copies === 0);
  expect(states).toEqual([]);
}, 30_000);

test("deliver has no client wait for a destination that is slow, and the other does not notice", async () => {
  const seen = new Map<string, number>();
  const { send, stateOf, states } = await answerInPlaceOfStream((id, message) => {
    seen.set(id, (seen.get(id) ?? 0) + 1);
    setTimeout(() => message.respond(STORED), 1500);
  });
  expect(await send("first", 3, ["healthy", "broken"])).toEqual(Array(3).fill("published"));
  expect(stateOf("broken").state).toBe("slow");
  expect(await send("later", 30, ["healthy", "broken"])).toEqual(Array(30).fill("spooled"));
  expect(await send("alone", 100, ["healthy"])).toEqual(Array(100).fill("published"));
  expect(stateOf("healthy")).toMatchObject({ state: "open", copies: 0 });
  await until("they are relayed", () => stateOf("broken").copies === 0);
  expect(seen.size).toBe(33);
  expect(Math.max(...seen.values())).toBe(1);
  expect(states).toEqual([]);
}, 30_000);

test("deliver believes no ack of another stream", async () => {
  const { send, stateOf, states } = await answerInPlaceOfStream((_id, message) =>
    message.respond(JSON.stringify({ stream: "ELSEWHERE", seq: 1 })),
  );
  expect(await send("both", 20, ["healthy", "broken"])).toEqual(Array(20).fill("spooled"));
  expect(await send("alone", 20, ["healthy"])).toEqual(Array(20).fill("published"));
  expect(stateOf("broken")).toMatchObject({ state: "shut", copies: 20 });
  expect(stateOf("broken").reason).toContain("ELSEWHERE");
  expect(states).toEqual([]);
}, 30_000);
