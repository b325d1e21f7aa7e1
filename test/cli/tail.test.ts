import { expect, test } from "bun:test";
import { connect } from "nats";
import { runCommand, tailLines, untilNatsIsUp, withGateway } from "../support/gatewayprocess.ts";
import { administer, startNats } from "../support/natsserver.ts";

test("pixelgate tail prints a readable line an event, in which a visitor's text steers no terminal", async () => {
  await withGateway({}, async (gateway) => {
    await fetch(
      `${gateway.url}/pixel/v1/page?writeKey=demo&name=Bef%1b[31more&context.page.url=https://example.com/x`,
    );
    const [line = ""] = await tailLines(gateway, ["--from-start"], 1);
    expect(line).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} {2}page {3}demo → demo {2}Bef·\[31more {2}https:\/\/example\.com\/x$/,
    );
  });
});

test("pixelgate tail follows new events of the spool, by destination, type and source, as JSON", async () => {
  await withGateway({}, async (gateway) => {
    await fetch(`${gateway.url}/pixel/v1/track?writeKey=demo&event=Before`);
    const send = async () => {
      await fetch(`${gateway.url}/pixel/v1/page?writeKey=demo&name=Other`);
      await fetch(`${gateway.url}/pixel/v1/track?writeKey=demo&event=Signup`);
    };
    const words = ["demo", "--type", "track", "--source", "demo", "--json"];
    const events = (await tailLines(gateway, words, 2, send)).map((line) => JSON.parse(line).event);
    expect(new Set(events)).toEqual(new Set(["Signup"]));
  });
});

test("pixelgate tail follows the stream with NATS, refused requests and what is no event left out, and says so when NATS is away", async () => {
  const nats = await startNats();
  const env = { NATS_URL: nats.url };
  try {
    await withGateway({ env }, async (gateway) => {
      await untilNatsIsUp(gateway);
      await fetch(`${gateway.url}/pixel/v1/page?writeKey=demo&name=First`);
      await fetch(`${gateway.url}/pixel/v1/track?writeKey=demo`);
      const stranger = await connect({ servers: nats.url });
      stranger.publish("pixel.demo.page", "not an event");
      await stranger.drain();
      await fetch(`${gateway.url}/pixel/v1/page?writeKey=demo&name=Second`);
      const lines = await tailLines(gateway, ["demo", "--from-start", "--json"], 2);
      expect(lines.map((line) => JSON.parse(line).name)).toEqual(["First", "Second"]);
    });
  } finally {
    await nats.stop();
  }
  const { code, stderr } = await runCommand(["tail"], env);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^Cannot tail: .+\n$/);
});

test("pixelgate tail says of a work queue why it does not read it", async () => {
  const nats = await startNats();
  try {
    await administer(nats.url, (manager) =>
      manager.streams.add({ name: "PIXEL", subjects: ["pixel.>"], retention: "workqueue" }),
    );
    const { code, stderr } = await runCommand(["tail"], { NATS_URL: nats.url });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr:
        "Cannot tail: stream PIXEL is a work queue: each event is for one reader that acknowledges it, and who only looks is not let in\n",
    });
  } finally {
    await nats.stop();
  }
});

test("pixelgate tail tells every fault of the configuration file before it reads from NATS", async () => {
  const { code, stderr } = await runCommand(["tail"], {
    NATS_URL: "nats://127.0.0.1:1",
    PIXELGATE_CONFIG: "/nowhere/pixelgate.json",
  });
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: "Cannot read /nowhere/pixelgate.json: no such file\n",
  });
});
