import { expect, test } from "bun:test";
import type { Msg } from "nats";
import { readAck } from "../../../src/delivery/nats/ack.ts";

/** The part of a message that an ack is read from, with the bytes nats-server sends. */
function answer(text: string): Msg {
  const data = new TextEncoder().encode(text);
  return { data, string: () => text } as unknown as Msg;
}

const refusal = (code: number, errorCode: number) =>
  `{"error":{"code":${code},"err_code":${errorCode},"description":"so it is"},"stream":"PIXEL","seq":0}`;

const ROWS: [string, string, string][] = [
  ["a PubAck", '{"stream":"PIXEL", "seq":7}', "stored"],
  ["a PubAck of a duplicate", '{"stream":"PIXEL","seq":7,"duplicate": true}', "stored"],
  ["an empty answer: status 503, no responders", "", "unavailable"],
  ["JetStream without resources", refusal(503, 10023), "unavailable"],
  ["a system that is not ready", refusal(503, 10008), "unavailable"],
  ["a full stream with discard new", refusal(503, 10077), "unavailable"],
  ["a full stream, whatever its status", refusal(400, 10077), "unavailable"],
  ["an account without room", refusal(400, 10002), "unavailable"],
  ["too many requests", refusal(429, 10167), "unavailable"],
  ["the same id at this instant", refusal(409, 10158), "busy"],
  ["a message larger than the stream takes", refusal(400, 10054), "rejected"],
  ["an unknown refusal of this message", refusal(400, 19999), "rejected"],
  ["an answer that is not JSON", "+OK", "unavailable"],
  ["JSON of another shape", '{"type":"x"}', "unavailable"],
];

for (const [what, text, verdict] of ROWS) {
  test(`readAck takes ${what} for ${verdict}`, () => {
    expect(readAck(answer(text)).verdict).toBe(verdict as "stored");
  });
}

test("readAck says when no stream is there", () => {
  expect(readAck(answer("")).isStreamAway).toBe(true);
  expect(readAck(answer(refusal(503, 10077))).isStreamAway).toBeUndefined();
});

test("readAck gives the server's words as the reason", () => {
  expect(readAck(answer(refusal(400, 10054))).reason).toBe("so it is (10054)");
});
