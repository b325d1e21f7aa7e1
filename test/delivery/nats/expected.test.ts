// Whose ack it is, by name and JetStream domain, in the texts that servers send.
import { expect, test } from "bun:test";
import type { Msg } from "nats";
import { hasName, NAME_AT, readAck } from "../../../src/delivery/nats/ack.ts";
import {
  describeOther,
  expectDomain,
  expectStream,
  learnAck,
  otherThan,
} from "../../../src/delivery/nats/expected.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const ackOf = (text: string) => readAck({ data: bytesOf(text), string: () => text } as unknown as Msg);

function expected(domain: string | null, name = "A") {
  const stream = expectStream(name);
  expectDomain(stream, domain);
  const other = (text: string) => otherThan(stream, ackOf(text));
  const isShort = (text: string) => stream.inAck !== null && hasName(bytesOf(text), NAME_AT, stream.inAck);
  return { stream, other, isShort, learn: (text: string) => learnAck(stream, bytesOf(text)) };
}

const OF_LEAF = '{"stream":"A", "domain":"leaf", "seq":7}';
const OF_HUB = '{"stream":"A", "domain":"hub", "seq":7}';
const OF_NONE = '{"stream":"A", "seq":7}';
const REFUSAL = '{"error":{"code":503,"err_code":10077,"description":"full"},"stream":"A","seq":0}';

test("otherThan tells of another domain than the known one, and of none where a refusal names none", () => {
  const { other } = expected("leaf");
  expect([other(OF_LEAF), other(REFUSAL), other("")]).toEqual([null, null, null]);
  expect(other(OF_HUB)).toEqual({ stream: "A", domain: "hub" });
  expect(other(OF_NONE)).toEqual({ stream: "A", domain: null });
  expect(other(REFUSAL.replace('"seq":0', '"seq":0,"domain":"hub"'))).toEqual({ stream: "A", domain: "hub" });
});

test("otherThan accepts any domain where none is known, and no other name", () => {
  const { other } = expected(null);
  expect([OF_LEAF, OF_HUB, OF_NONE, REFUSAL].map(other)).toEqual([null, null, null, null]);
  expect(other('{"stream":"AB", "domain":"leaf", "seq":7}')).toEqual({ stream: "AB", domain: "leaf" });
});

for (const [servers, leaf, hub] of [
  ["2.9 and 2.10", OF_LEAF, OF_HUB],
  ["2.15", OF_LEAF.replaceAll(" ", ""), OF_HUB.replaceAll(" ", "")],
] as const) {
  test(`learnAck knows the acks of its domain from then on, as nats-server ${servers} writes them`, () => {
    const { isShort, learn } = expected("leaf");
    expect(isShort(leaf)).toBe(false);
    learn(leaf);
    const next = leaf.replace('"seq":7}', '"seq":812,"duplicate": true}');
    expect([leaf, next, hub, OF_NONE].map(isShort)).toEqual([true, true, false, false]);
  });
}

test("learnAck learns nothing where the start of an ack does not tell the domain", () => {
  const { stream, learn } = expected("leaf");
  for (const text of ['{"stream":"A","seq":7,"domain":"leaf"}', OF_HUB, OF_NONE, '{"stream":"A"', ""])
    learn(text);
  expect(stream.inAck).toBe(null);
});

test("learnAck takes no name for the sequence", () => {
  const { isShort, learn } = expected("seq", "seq");
  const text = '{"stream":"seq", "domain":"seq", "seq":7}';
  learn(text);
  expect([isShort(text), isShort('{"stream":"seq", "domain":"hub", "seq":7}')]).toEqual([true, false]);
});

test("expectDomain forgets what was learned with another domain, and with the same one nothing", () => {
  const { stream, isShort, learn } = expected("leaf");
  learn(OF_LEAF);
  expectDomain(stream, "leaf");
  expect(isShort(OF_LEAF)).toBe(true);
  expectDomain(stream, "hub");
  expect([isShort(OF_LEAF), isShort(OF_HUB)]).toEqual([false, false]);
  expectDomain(stream, null);
  expect([OF_LEAF, OF_HUB, OF_NONE].map(isShort)).toEqual([true, true, true]);
});

test("describeOther names the domain where the name is the expected one", () => {
  const told = [
    { stream: "B", domain: "hub" },
    { stream: "A", domain: "hub" },
    { stream: "A", domain: null },
  ].map((other) => describeOther(other, "A"));
  expect(told).toEqual(['"B"', '"A" in JetStream domain "hub"', '"A" in no JetStream domain']);
});
