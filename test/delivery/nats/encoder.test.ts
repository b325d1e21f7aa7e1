import { expect, test } from "bun:test";
import { PublishEncoder } from "../../../src/delivery/nats/encoder.ts";
import { messageId } from "../../../src/delivery/outgoing.ts";
import { encodePayload } from "../../../src/pixel/payload.ts";

const WAREHOUSE = { subject: "pixel.warehouse.page", destinationId: "warehouse" };
const ALERTS = { subject: "pixel.alerts.page", destinationId: "alerts" };

function collect(): { encoder: PublishEncoder; text: () => string; writes: () => number } {
  const parts: Uint8Array[] = [];
  const encoder = new PublishEncoder("_INBOX.x.", (bytes) => void parts.push(bytes));
  return { encoder, text: () => Buffer.concat(parts).toString(), writes: () => parts.length };
}

/** A message as the protocol has it, with the sizes of what is given. */
function message(subject: string, number: number, id: string, payload: string): string {
  const header = `NATS/1.0\r\nNats-Msg-Id: ${id}\r\n\r\n`;
  const sizes = `${header.length} ${header.length + Buffer.byteLength(payload)}`;
  return `HPUB ${subject} _INBOX.x.${number} ${sizes}\r\n${header}${payload}\r\n`;
}

test("publish writes sizes in bytes, of the header and of header and payload", () => {
  const { encoder, text } = collect();
  encoder.publish(
    { id: "id", payload: encodePayload("Größe 👋") },
    { subject: "pixel.a.page", destinationId: "a" },
    12,
  );
  encoder.flush();
  expect(text()).toBe(
    "HPUB pixel.a.page _INBOX.x.12 31 43\r\nNATS/1.0\r\nNats-Msg-Id: id.a\r\n\r\nGröße 👋\r\n",
  );
  expect(Buffer.byteLength("NATS/1.0\r\nNats-Msg-Id: id.a\r\n\r\n")).toBe(31);
});

test("publish gives each copy its subject, number and message id, whatever was published before", () => {
  const { encoder, text } = collect();
  const moved = { ...WAREHOUSE, destinationId: "former" };
  const expected: string[] = [];
  const publish = (id: string, payload: string, address: typeof WAREHOUSE, number: number) => {
    encoder.publish({ id, payload: encodePayload(payload) }, address, number);
    expected.push(message(address.subject, number, messageId({ id }, address), payload));
  };
  publish("one", "{}", WAREHOUSE, 1);
  publish("one", "{}", ALERTS, 9);
  publish("two", "", WAREHOUSE, 10);
  publish("ä\r\n b%", '{"a":1}', WAREHOUSE, 99);
  publish("ä\r\n b%", '{"a":1}', ALERTS, 100);
  publish("", "ß".repeat(500), moved, 2_147_483_647);
  publish("", "ß", ALERTS, 2_147_483_648);
  publish("one", "x".repeat(9990), WAREHOUSE, 9_007_199_254_740_990);
  encoder.flush();
  expect(text()).toBe(expected.join(""));
});

test("publishNoAck writes a publish without reply and header", () => {
  const { encoder, text } = collect();
  encoder.publishNoAck("pixel._rejected.blog", encodePayload(""));
  encoder.publishNoAck("pixel._rejected.blog", encodePayload("{}"));
  encoder.flush();
  expect(text()).toBe("PUB pixel._rejected.blog 0\r\n\r\nPUB pixel._rejected.blog 2\r\n{}\r\n");
});

test("flush hands over everything of a turn at once, and nothing twice", () => {
  const { encoder, text, writes } = collect();
  for (let index = 0; index < 50; index++) encoder.publishNoAck("s", encodePayload(String(index)));
  expect(writes()).toBe(0);
  encoder.flush();
  encoder.flush();
  expect(writes()).toBe(1);
  encoder.publishNoAck("s", encodePayload("last"));
  encoder.flush();
  expect(text().match(/PUB s/g)).toHaveLength(51);
});

test("publishNoAck never touches bytes it has handed over", () => {
  const { encoder, text } = collect();
  const expected: string[] = [];
  for (let index = 0; index < 2000; index++) {
    const text = `${index} ${"ä€x".repeat(index % 400)}`;
    expected.push(`PUB s ${Buffer.byteLength(text)}\r\n${text}\r\n`);
    encoder.publishNoAck("s", encodePayload(text));
    if (index % 3 === 0) encoder.flush();
  }
  const large = "ß".repeat(300_000);
  encoder.publishNoAck("s", encodePayload(large));
  encoder.flush();
  expect(text()).toBe(`${expected.join("")}PUB s 600000\r\n${large}\r\n`);
});

test("publish never touches bytes it has handed over", () => {
  const { encoder, text } = collect();
  const expected: string[] = [];
  for (let index = 0; index < 2000; index++) {
    const payload = "ä€x".repeat((index * 7) % 400);
    const event = { id: `e${index}`, payload: encodePayload(payload) };
    for (const address of [WAREHOUSE, ALERTS, ALERTS]) {
      encoder.publish(event, address, index);
      expected.push(message(address.subject, index, messageId(event, address), payload));
    }
    if (index % 3 === 0) encoder.flush();
  }
  const large = "ß".repeat(300_000);
  encoder.publish({ id: "large", payload: encodePayload(large) }, WAREHOUSE, 7);
  expected.push(message(WAREHOUSE.subject, 7, "large.warehouse", large));
  encoder.flush();
  expect(text()).toBe(expected.join(""));
});

test("flush writes to where a write was that the socket has taken, and to no other place", () => {
  const parts: Uint8Array[] = [];
  const taken: (() => void)[] = [];
  const encoder = new PublishEncoder("_INBOX.x.", (bytes, onWritten) => {
    parts.push(bytes);
    taken.push(onWritten);
  });
  const write = (payload: string, number: number) => {
    encoder.publish({ id: "same", payload: encodePayload(payload) }, WAREHOUSE, number);
    encoder.flush();
    return message(WAREHOUSE.subject, number, "same.warehouse", payload);
  };
  const texts = [write("one", 1), write("two", 2)];
  const text = (index: number) => Buffer.from(parts[index] ?? []).toString();
  // The first is taken and the second waits: the third stands behind it.
  taken[0]?.();
  texts.push(write("three", 3));
  expect(parts.map((_, index) => text(index))).toEqual(texts);
  taken[1]?.();
  // What is published and not written yet has its place, too.
  encoder.publish({ id: "same", payload: encodePayload("four") }, WAREHOUSE, 4);
  taken[2]?.();
  encoder.flush();
  expect(text(3)).toBe(message(WAREHOUSE.subject, 4, "same.warehouse", "four"));
  expect(text(2)).toBe(texts[2] ?? "");
  taken[3]?.();
  const last = write("five", 5);
  expect(parts[4]?.byteOffset).toBe(parts[0]?.byteOffset ?? -1);
  expect(parts[4]?.buffer).toBe(parts[0]?.buffer as ArrayBuffer);
  expect(text(4)).toBe(last);
});

test("flush keeps no buffer that was made for one large message", async () => {
  const parts: Uint8Array[] = [];
  const encoder = new PublishEncoder("_INBOX.x.", (bytes, onWritten) => {
    parts.push(bytes);
    queueMicrotask(onWritten);
  });
  const sizes: number[] = [];
  const write = async (letters: number) => {
    encoder.publish({ id: "id", payload: encodePayload("x".repeat(letters)) }, WAREHOUSE, 1);
    encoder.flush();
    await Promise.resolve();
    sizes.push(parts.at(-1)?.buffer.byteLength ?? 0);
  };
  for (const letters of [10, 1_000_000, 10]) await write(letters);
  expect(sizes[2]).toBe(sizes[0] ?? 0);
  expect(sizes[1]).toBeGreaterThan(1_000_000);
});
