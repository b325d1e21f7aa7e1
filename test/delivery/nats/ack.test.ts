import { expect, test } from "bun:test";
import type { Msg } from "nats";
import { type Ack, hasName, isStored, NAME_AT, nameInAck, readAck } from "../../../src/delivery/nats/ack.ts";

/** The part of a message that an ack is read from, with the bytes nats-server sends. */
function answer(text: string): Msg {
  const data = new TextEncoder().encode(text);
  return { data, string: () => text } as unknown as Msg;
}

const refusal = (code: number, errorCode: number) =>
  `{"error":{"code":${code},"err_code":${errorCode},"description":"so it is"},"stream":"PIXEL","seq":0}`;

/** What an ack says, and whose trouble it tells of. */
function tell(ack: Ack): string {
  const is = ack.is === "refused" ? `refused by the ${ack.scope}` : ack.is;
  return ack.is === "stored" ? `${is} by ${ack.stream} of ${ack.domain}` : is;
}

const ROWS: [what: string, text: string, tells: string][] = [
  ["a PubAck", '{"stream":"PIXEL", "seq":7}', "stored by PIXEL of null"],
  ["a PubAck of a duplicate", '{"stream":"PIXEL","seq":7,"duplicate": true}', "stored by PIXEL of null"],
  ["a PubAck of a domain", '{"stream":"PIXEL", "domain":"hub", "seq":7}', "stored by PIXEL of hub"],
  ["an empty answer: status 503, no responders", "", "refused by the stream"],
  ["JetStream without resources", refusal(503, 10023), "refused by the stream"],
  ["a system that is not ready", refusal(503, 10008), "refused by the stream"],
  ["an account without room", refusal(400, 10002), "refused by the stream"],
  ["too many requests", refusal(429, 10167), "refused by the stream"],
  ["a sealed stream", refusal(400, 10109), "refused by the stream"],
  ["a full stream with discard new", refusal(503, 10077), "refused by the destination"],
  ["a full stream, whatever its status", refusal(400, 10077), "refused by the destination"],
  ["the same id at this instant", refusal(409, 10158), "busy"],
  ["a message larger than the stream takes", refusal(400, 10054), "rejected"],
  ["an unknown refusal of this message", refusal(400, 19999), "rejected"],
  ["an answer that is not JSON", "+OK", "refused by the stream"],
  ["JSON of another shape", '{"type":"x"}', "refused by the stream"],
  ["JSON that is no object", "null", "refused by the stream"],
];

for (const [what, text, tells] of ROWS) {
  test(`readAck takes ${what} for ${tells}`, () => {
    expect(tell(readAck(answer(text)))).toBe(tells);
  });
}

test("readAck says when no stream is there", () => {
  expect(readAck(answer(""))).toMatchObject({ isStreamAway: true });
  expect(readAck(answer(refusal(503, 10077)))).toMatchObject({ isStreamAway: false });
});

test("readAck names the stream that answers, of a refusal too, and none where none is named", () => {
  const streams = [refusal(503, 10077), '{"error":{"code":503}}', "", "+OK"];
  expect(streams.map((text) => readAck(answer(text)).stream)).toEqual(["PIXEL", null, null, null]);
});

test("readAck gives the server's words as the reason", () => {
  expect(readAck(answer(refusal(400, 10054)))).toMatchObject({ reason: "so it is (10054)" });
});

test("isStored and hasName tell the stream of an ack by its bytes, and no other of a name that begins or ends alike", () => {
  const bytes = new TextEncoder().encode('xx{"stream":"PIXEL", "seq":7}');
  expect([isStored(bytes, 2), isStored(bytes, 0), isStored(bytes, 3)]).toEqual([true, false, false]);
  const has = (stream: string) => hasName(bytes, 2 + NAME_AT, nameInAck(stream));
  expect(["PIXEL", "PIXE", "PIXELS", "IXEL", ""].map(has)).toEqual([true, false, false, false, false]);
});
