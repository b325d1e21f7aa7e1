// From each answer to a verdict and to what the gates make of it.
import { expect, test } from "bun:test";
import type { Gate } from "../../../src/delivery/gate.ts";
import type { Verdict } from "../../../src/delivery/nats/window.ts";
import { answer, openVerdicts, refusal, STORED } from "../../support/verdicts.ts";

type Phase = Gate["phase"];
type Row = readonly [
  what: string,
  text: string,
  verdict: Verdict,
  /** Stream and destination, both open before. */
  whenOpen: readonly [Phase, Phase],
  /** The same, when both were shut and the message was the one that tries. */
  whenProbing: readonly [Phase, Phase],
];

const ROWS: readonly Row[] = [
  ["an ack of the stream", STORED, "stored", ["open", "open"], ["open", "open"]],
  ["no stream", "", "unacked", ["shut", "open"], ["shut", "shut"]],
  ["a stream without resources", refusal(503, 10023), "unacked", ["shut", "open"], ["shut", "shut"]],
  ["a sealed stream", refusal(400, 10109), "unacked", ["shut", "open"], ["shut", "shut"]],
  ["a full stream", refusal(503, 10077), "unacked", ["open", "shut"], ["open", "shut"]],
  ["an id that is busy", refusal(409, 10158), "busy", ["open", "open"], ["open", "shut"]],
  ["a message that is never taken", refusal(400, 10054), "rejected", ["open", "open"], ["open", "shut"]],
];

for (const [what, text, verdict, whenOpen, whenProbing] of ROWS) {
  test(`take makes ${verdict} of ${what}, and tells whose trouble it is`, () => {
    const one = openVerdicts();
    one.verdicts.take(one.send(), answer(text));
    expect([one.heard[0]?.[0], one.phases(), one.answers()]).toEqual([verdict, [...whenOpen], 1]);
  });

  test(`take makes of ${what}, as the answer to the copy that tries: ${whenProbing.join(", ")}`, () => {
    const one = openVerdicts();
    for (const gate of [one.way.stream, one.way.destination]) {
      one.gates.tell(gate, { is: "refused", reason: "as before", sentMs: one.time.now() });
    }
    one.time.advance(2000);
    one.verdicts.take(one.send(), answer(text));
    expect([one.heard[0]?.[0], one.phases()]).toEqual([verdict, [...whenProbing]]);
  });
}

const OTHER = '{"stream":"WAREHOUSES", "seq":7}';

test("take waits half a second longer where another stream answers, and then it is the destination's trouble", () => {
  const refused = refusal(503, 10077).replace("WAREHOUSE", "WAREHOUSES");
  for (const text of [OTHER, refused]) {
    const one = openVerdicts();
    one.verdicts.take(one.send(), answer(text));
    one.pass(499);
    expect([one.heard, one.phases()]).toEqual([[], ["open", "open"]]);
    one.pass(1);
    expect(one.heard).toEqual([["unacked", 'stream "WAREHOUSES" takes the subject']]);
    expect([one.phases(), one.latencies]).toEqual([["open", "shut"], []]);
    expect(one.verdicts.findings().map(({ severity, stream }) => [severity, stream])).toEqual([
      ["fault", "WAREHOUSE"],
    ]);
    expect(one.log.lines.join()).toContain("another stream takes the subject: its acks are not believed");
  }
});

test("take believes the expected stream where another one answers before or after it, and tells of both", () => {
  for (const [first, second] of [
    [OTHER, STORED],
    [STORED, OTHER],
  ] as const) {
    const one = openVerdicts();
    const number = one.send();
    one.verdicts.take(number, answer(first));
    one.verdicts.take(number, answer(second));
    one.pass(2000);
    expect([one.heard, one.phases()]).toEqual([[["stored", ""]], ["open", "open"]]);
    const [finding, ...rest] = one.verdicts.findings();
    expect([finding?.severity, rest]).toEqual(["warning", []]);
    expect(finding?.says).toContain('stream "WAREHOUSES" takes it, too');
  }
});

test("take forgets another stream's answer with the message's verdict", () => {
  const one = openVerdicts();
  const number = one.send();
  one.verdicts.take(number, answer(OTHER));
  one.verdicts.take(number, answer(refusal(503, 10077)));
  expect(one.heard).toEqual([["unacked", "so it is (10077)"]]);
  one.pass(1000);
  expect(one.verdicts.findings()).toEqual([]);
});

test("take tells of a subject that the stream does not take as the destination's trouble, and looks again", () => {
  const one = openVerdicts({ takes: false });
  one.verdicts.take(one.send(), answer(""));
  expect(one.heard).toEqual([["unacked", 'the stream does not take "pixel.warehouse.page"']]);
  expect([one.phases(), one.missed]).toEqual([["open", "shut"], ["WAREHOUSE pixel.warehouse.page"]]);
  expect(one.log.lines.join()).toContain("the stream does not take the subject");
});

test("takeStored takes an ack of the expected stream, and leaves any other to be read as a whole", () => {
  const one = openVerdicts();
  const bytes = (text: string) => new TextEncoder().encode(text);
  const nameAt = '{"stream":"'.length;
  const number = one.send();
  expect(one.verdicts.takeStored(number, bytes('{"stream":"WAREHOUSES"}'), nameAt)).toBe(false);
  expect([one.heard, one.latencies]).toEqual([[], []]);
  one.time.advance(20);
  expect(one.verdicts.takeStored(number, bytes(STORED), nameAt)).toBe(true);
  expect([one.heard, one.latencies]).toEqual([[["stored", ""]], [20]]);
  // A second one: whose it is, is for the whole of it to tell.
  expect(one.verdicts.takeStored(number, bytes(STORED), nameAt)).toBe(false);
  const expired = one.send("late");
  one.pass(2000);
  expect(one.verdicts.takeStored(expired, bytes(STORED), nameAt)).toBe(true);
  expect(one.heard.slice(1)).toEqual([["unacked", "no ack in time"]]);
});

test("deny tells of the destination, and of no stream nor of another subject", () => {
  const one = openVerdicts();
  one.send();
  one.verdicts.deny("pixel.warehouse.track");
  expect([one.heard, one.phases()]).toEqual([[], ["open", "open"]]);
  one.verdicts.deny("pixel.warehouse.page");
  expect(one.heard).toEqual([["unacked", "publishing to the subject is not permitted"]]);
  expect([one.phases(), one.answers()]).toEqual([["open", "shut"], 2]);
  one.verdicts.deny("$JS.API.STREAM.INFO.WAREHOUSE");
  expect(one.log.lines.filter((line) => line.includes("no permission"))).toHaveLength(2);
});
