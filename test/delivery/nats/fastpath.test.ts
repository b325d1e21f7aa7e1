// The short cut for acks against the real client: whatever way the network cuts the bytes, each ack is heard once.
import { afterAll, expect, test } from "bun:test";
import { connect, createInbox, NatsConnectionImpl } from "nats";
import { hasName, nameInAck } from "../../../src/delivery/nats/ack.ts";
import { openFastPath } from "../../../src/delivery/nats/fastpath.ts";
import { startNats } from "../../support/natsserver.ts";

const nats = await startNats();
afterAll(() => nats.stop());
const encoder = new TextEncoder();

async function open() {
  const connection = await connect({ servers: nats.url });
  if (!(connection instanceof NatsConnectionImpl)) throw new Error("the client has another shape");
  const inbox = `${createInbox()}.`;
  const short: number[] = [];
  const long: string[] = [];
  const subscription = connection.subscribe(`${inbox}*`, {
    callback: (_error, message) => {
      long.push(`${message.subject.slice(inbox.length)} ${message.string()}`);
    },
  });
  openFastPath(connection)?.readStoredAcks(inbox, (number, bytes, nameAt) => {
    if (!hasName(bytes, nameAt, nameInAck("PIXEL"))) return false;
    short.push(number);
    return true;
  });
  const { parser } = connection.protocol;
  const line = (number: number | string, payload: string, spaces = " ") =>
    `MSG ${inbox}${number} ${subscription.getID()}${spaces}${encoder.encode(payload).length}\r\n${payload}\r\n`;
  const feed = (text: string) => parser.parse(encoder.encode(text));
  return { connection, inbox, short, long, line, feed, parser };
}

test("readStoredAcks hears each ack once, at whatever byte the stream is cut", async () => {
  const { connection, short, long, line, feed, parser } = await open();
  const text = [
    line(1, '{"stream":"PIXEL", "seq":1}', "  "),
    line(2, '{"stream":"PIXEL","seq":2,"duplicate":true}'),
    "PONG\r\n",
    line(3, '{"stream":"PIXEL","seq":3}'),
    line(4, '{"error":{"code":503}}'),
    line(5, '{"stream":"PIXELS","seq":3}'),
    line(65537, '{"stream":"PIXEL","seq":4}'),
  ].join("");
  for (let cut = 0; cut <= text.length; cut++) {
    short.length = 0;
    long.length = 0;
    feed(text.slice(0, cut));
    feed(text.slice(cut));
    const heard = [...short, ...long.map((message) => Number(message.split(" ")[0]))];
    expect(heard.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 65537]);
    expect(long).toContain('4 {"error":{"code":503}}');
    expect(long).toContain('5 {"stream":"PIXELS","seq":3}');
    expect(parser.state).toBe(0);
  }
  await connection.close();
});

test("readStoredAcks takes whole acks of stored messages and nothing else", async () => {
  const { connection, short, long, line, feed } = await open();
  feed(line(1, '{"stream":"PIXEL","seq":1}') + line(2, '{"stream":"PIXEL","seq":2}'));
  expect(short).toEqual([1, 2]);
  expect(long).toEqual([]);
  feed(line(3, "") + line("3x", '{"stream":"PIXEL","seq":3}') + line(4, '{"type":"pong"}'));
  expect(short).toEqual([1, 2]);
  expect(long).toEqual(["3 ", '3x {"stream":"PIXEL","seq":3}', '4 {"type":"pong"}']);
  await connection.close();
});

test("readStoredAcks leaves the other subscriptions of the connection alone", async () => {
  const { connection, short } = await open();
  const answers = connection.subscribe("question", {
    callback: (_error, message) => {
      message.respond("yes");
    },
  });
  expect((await connection.request("question")).string()).toBe("yes");
  expect(short).toEqual([]);
  answers.unsubscribe();
  await connection.close();
});

test("send tells when the socket has taken the bytes, so that others may stand there", async () => {
  const { connection } = await open();
  const received: string[] = [];
  connection.subscribe("reused", { callback: (_error, message) => void received.push(message.string()) });
  await connection.flush();
  const fast = openFastPath(connection);
  const bytes = Buffer.alloc(64);
  for (const letter of ["a", "b", "c"]) {
    const length = bytes.write(`PUB reused 1\r\n${letter}\r\n`);
    await new Promise<void>((resolve) => fast?.send(bytes.subarray(0, length), resolve));
    bytes.fill(0);
  }
  await connection.flush();
  expect(received).toEqual(["a", "b", "c"]);
  await connection.close();
});

test("openFastPath gives null for a client whose inside has another shape", async () => {
  const connection = await connect({ servers: nats.url });
  expect(openFastPath(connection)).not.toBe(null);
  const { protocol } = connection as NatsConnectionImpl;
  const shapes: unknown[] = [
    undefined,
    {},
    { ...protocol, parser: protocol.parser },
    Object.create(protocol, { transport: { value: { send() {} } } }),
    { sendCommand() {} },
    { sendCommand() {}, parser: { state: 0 } },
    { sendCommand() {}, parser: { parse() {} } },
    { sendCommand() {}, parser: { parse() {}, state: "start" } },
  ];
  for (const shape of shapes) {
    const other = Object.create(connection, { protocol: { value: shape } });
    expect(openFastPath(other)).toBe(null);
  }
  expect(openFastPath({} as typeof connection)).toBe(null);
  await connection.close();
});

test("send writes behind what the client has still to write, and what follows in its order", async () => {
  const { connection } = await open();
  const arrived: string[] = [];
  const order = connection.subscribe("order.*", {
    callback: (_error, message) => void arrived.push(message.subject),
  });
  await connection.flush();
  const path = openFastPath(connection);
  const send = (last: number) => path?.send(encoder.encode(`PUB order.${last} 0\r\n\r\n`), () => {});
  send(1);
  connection.publish("order.2");
  send(3);
  send(4);
  await connection.flush();
  send(5);
  await connection.flush();
  expect(arrived).toEqual([1, 2, 3, 4, 5].map((last) => `order.${last}`));
  order.unsubscribe();
  await connection.close();
});
