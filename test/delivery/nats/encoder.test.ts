import { expect, test } from "bun:test";
import { PublishEncoder } from "../../../src/delivery/nats/encoder.ts";
import { encodePayload } from "../../../src/pixel/payload.ts";

function collect(): { encoder: PublishEncoder; text: () => string; writes: () => number } {
  const parts: Uint8Array[] = [];
  const encoder = new PublishEncoder((bytes) => parts.push(bytes));
  return { encoder, text: () => Buffer.concat(parts).toString(), writes: () => parts.length };
}

test("publish writes sizes in bytes, of the header and of header and payload", () => {
  const { encoder, text } = collect();
  encoder.publish("pixel.a.page", "_INBOX.x.12", "id.a", encodePayload("Größe 👋"));
  encoder.flush();
  expect(text()).toBe(
    "HPUB pixel.a.page _INBOX.x.12 31 43\r\nNATS/1.0\r\nNats-Msg-Id: id.a\r\n\r\nGröße 👋\r\n",
  );
  expect(Buffer.byteLength("NATS/1.0\r\nNats-Msg-Id: id.a\r\n\r\n")).toBe(31);
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

test("publish never touches bytes it has handed over", () => {
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
