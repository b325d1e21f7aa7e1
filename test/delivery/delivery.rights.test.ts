import { expect, test } from "bun:test";
import { readSpool } from "../../src/delivery/spool/reader.ts";
import {
  at,
  deliver,
  event,
  nats,
  openDelivery,
  putAwayAfterEach,
  readStream,
  temporaryFolder,
  untilUp,
} from "../support/parts.ts";
import { until } from "../support/until.ts";

putAwayAfterEach();

const USERS = `
authorization {
  users: [
    { user: admin, password: secret-a }
    { user: gateway, password: secret-g, permissions: { publish: ["pixel.>"], subscribe: ["_INBOX.>"] } }
    { user: narrow, password: secret-n, permissions: { publish: ["pixel.warehouse.>"], subscribe: ["_INBOX.>"] } }
  ]
}
no_auth_user: admin
`;

test("createDelivery works for a user who may publish and not administer", async () => {
  const server = await nats({ config: USERS });
  await untilUp(openDelivery(at(server)));
  const url = server.url.replace("nats://", "nats://gateway:secret-g@");
  const delivery = openDelivery({ nats: { servers: [url] } });
  await untilUp(delivery);
  expect(await deliver(delivery, event("one"))).toBe("published");
  expect(delivery.log.lines.join()).toContain("the stream is left alone");
  expect(delivery.log.lines.join()).not.toContain("secret");
});

test("deliver spools for a subject that the user may not publish to, without holding up the others", async () => {
  const server = await nats({ config: USERS });
  await untilUp(openDelivery(at(server)));
  const delivery = openDelivery({ nats: { servers: [server.url], user: "narrow", password: "secret-n" } });
  await untilUp(delivery);
  const denied = event("denied", {
    routes: [{ destinationId: "alerts", subject: "pixel.alerts.page", stream: "PIXEL" }],
  });
  expect(await deliver(delivery, denied)).toBe("spooled");
  expect(await deliver(delivery, { ...denied, id: "denied-too" })).toBe("spooled");
  expect(await deliver(delivery, event("allowed"))).toBe("published");
  expect(delivery.log.lines.join()).toContain(
    "Cannot publish: the NATS user has no permission for the subject",
  );
});

test("deliver spools only the routes without an ack", async () => {
  const server = await nats({ config: USERS });
  await untilUp(openDelivery(at(server)));
  const dataDir = temporaryFolder();
  const delivery = openDelivery({
    nats: { servers: [server.url], user: "narrow", password: "secret-n" },
    dataDir,
  });
  await untilUp(delivery);
  const routes = [
    { destinationId: "warehouse", subject: "pixel.warehouse.page", stream: "PIXEL" },
    { destinationId: "alerts", subject: "pixel.alerts.page", stream: "PIXEL" },
  ];
  expect(await deliver(delivery, event("both", { routes }))).toBe("spooled");
  await delivery.close(1000);
  const spooled = readSpool(dataDir, { afterSeq: 0, limit: 10 });
  expect(spooled.map((one) => one.routes)).toEqual([
    [{ destinationId: "alerts", subject: "pixel.alerts.page" }],
  ]);
  expect((await readStream(server.url)).map(({ messageId }) => messageId)).toEqual(["both.warehouse"]);
});

test("createDelivery names a refused password and keeps trying", async () => {
  const server = await nats({ config: USERS });
  const delivery = openDelivery({ nats: { servers: [server.url], user: "gateway", password: "wrong-one" } });
  await until("it is reported", () => delivery.log.lines.some((line) => /authorization/i.test(line)));
  expect(delivery.log.lines.join()).not.toContain("wrong-one");
  expect(await deliver(delivery, event("one"))).toBe("spooled");
});
