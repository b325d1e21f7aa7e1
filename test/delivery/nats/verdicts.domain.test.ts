// Acks of streams of the same name in two JetStream domains: which one counts, and which are read by their bytes alone.
import { expect, test } from "bun:test";
import { NAME_AT } from "../../../src/delivery/nats/ack.ts";
import { expectDomain } from "../../../src/delivery/nats/expected.ts";
import { answer, openVerdicts, STORED } from "../../support/verdicts.ts";

const ackOf = (domain: string) => STORED.replace('"seq"', `"domain":"${domain}", "seq"`);

function open(domain: string | null) {
  const one = openVerdicts();
  expectDomain(one.way.stream, domain);
  const takeStored = (number: number, text: string) =>
    one.verdicts.takeStored(number, new TextEncoder().encode(text), NAME_AT);
  return { ...one, takeStored };
}

test("takeStored takes the acks of a stream without a domain from the first one on", () => {
  const one = open(null);
  expect([1, 2, 3].map(() => one.takeStored(one.send(), STORED))).toEqual([true, true, true]);
});

test("takeStored takes the acks of a stream in a domain once one was read as a whole, and none of another domain", () => {
  const one = open("leaf");
  const first = one.send();
  expect(one.takeStored(first, ackOf("leaf"))).toBe(false);
  one.verdicts.take(first, answer(ackOf("leaf")));
  expect(one.takeStored(one.send(), ackOf("leaf"))).toBe(true);
  const other = one.send();
  expect([ackOf("hub"), STORED].map((text) => one.takeStored(other, text))).toEqual([false, false]);
  expectDomain(one.way.stream, "hub");
  expect(one.takeStored(other, ackOf("hub"))).toBe(false);
  one.verdicts.take(other, answer(ackOf("hub")));
  expect(one.takeStored(one.send(), ackOf("hub"))).toBe(true);
});

for (const [text, told] of [
  [ackOf("hub"), '"WAREHOUSE" in JetStream domain "hub"'],
  [STORED, '"WAREHOUSE" in no JetStream domain'],
] as const) {
  test(`take believes no ack of ${told} where the expected one is in domain "leaf"`, () => {
    const one = open("leaf");
    one.verdicts.take(one.send(), answer(text));
    one.pass(500);
    expect(one.heard).toEqual([["unacked", `stream ${told} takes the subject`]]);
    expect([one.phases(), one.missed]).toEqual([["open", "shut"], ["WAREHOUSE pixel.warehouse.page"]]);
    expect(one.verdicts.findings()[0]?.says).toStartWith(`stream ${told} takes "pixel.warehouse.page"`);
  });
}

test("take believes the expected domain's ack behind another one's, and tells of both", () => {
  const one = open("leaf");
  const number = one.send();
  one.verdicts.take(number, answer(ackOf("hub")));
  one.verdicts.take(number, answer(ackOf("leaf")));
  expect(one.heard).toEqual([["stored", ""]]);
  expect(one.verdicts.findings()[0]?.says).toContain(
    'stream "WAREHOUSE" in JetStream domain "hub" takes it, too',
  );
});
