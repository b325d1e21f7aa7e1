// From each answer to a verdict and to what the gates make of it: one message of one destination, and answers in the bytes
// that nats-server sends.
import { expect, test } from "bun:test";
import type { Msg } from "nats";
import type { Gate } from "../../../src/delivery/gate.ts";
import { Gates, type Way } from "../../../src/delivery/nats/gates.ts";
import { createVerdicts, SWEEP_MS } from "../../../src/delivery/nats/verdicts.ts";
import { InFlightWindow, type Verdict } from "../../../src/delivery/nats/window.ts";
import { createHandClock } from "../../support/clock.ts";
import { event, recordLog } from "../../support/parts.ts";
import { TWO, WAREHOUSE } from "../../support/twodestinations.ts";

const refusal = (code: number, errorCode: number) =>
  `{"error":{"code":${code},"err_code":${errorCode},"description":"so it is"},"stream":"WAREHOUSE","seq":0}`;
const STORED = '{"stream":"WAREHOUSE", "seq":7}';

function answer(text: string): Msg {
  const data = new TextEncoder().encode(text);
  return { data, string: () => text } as unknown as Msg;
}

interface Options {
  /** Whether the stream takes the subject, as a look-up says. */
  readonly takes?: boolean;
}

function open({ takes = true }: Options = {}) {
  const time = createHandClock();
  const log = recordLog();
  const window = new InFlightWindow<Way>(64, 1e9);
  const options = { time, random: () => 1, hasBacklog: () => false, onChange: () => {} };
  const gates = new Gates(TWO, options);
  const rechecked: (string | undefined)[] = [];
  const watches = { takes: () => takes, recheck: (stream?: string) => void rechecked.push(stream) };
  let answers = 0;
  const latencies: number[] = [];
  const verdicts = createVerdicts({
    window,
    gates,
    watches,
    log,
    time,
    onAnswered: () => answers++,
    onAck: (latencyMs) => latencies.push(latencyMs),
  });
  const way = gates.wayOf(WAREHOUSE);
  const heard: [Verdict, string][] = [];
  return {
    ...{ time, log, gates, way, verdicts, heard, rechecked, latencies },
    answers: () => answers,
    /** Has a message on the wire; returns its number. */
    send(id = "e", deadlineMs = 2000): number {
      const outgoing = event(id, { routes: [WAREHOUSE] });
      const onVerdict = (_route: number, verdict: Verdict, reason: string) => heard.push([verdict, reason]);
      const now = time.now();
      const number = window.add({ outgoing, onVerdict }, 0, way, now, now + deadlineMs);
      gates.probe(way, now);
      return number;
    },
    /** Lets time go by with all the sweeps there are in it. */
    pass(ms: number): void {
      for (let left = ms; left > 0; left -= SWEEP_MS) {
        time.advance(Math.min(left, SWEEP_MS));
        verdicts.sweep();
      }
    },
    /** The phases of stream and destination. */
    phases: () => [way.stream.gate.phase, way.destination.gate.phase],
  };
}

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
  [
    "an ack of another stream",
    '{"stream":"WAREHOUSES", "seq":7}',
    "unacked",
    ["open", "shut"],
    ["shut", "shut"],
  ],
  ["no stream", "", "unacked", ["shut", "open"], ["shut", "shut"]],
  ["a stream without resources", refusal(503, 10023), "unacked", ["shut", "open"], ["shut", "shut"]],
  ["a sealed stream", refusal(400, 10109), "unacked", ["shut", "open"], ["shut", "shut"]],
  ["a full stream", refusal(503, 10077), "unacked", ["open", "shut"], ["open", "shut"]],
  ["an id that is busy", refusal(409, 10158), "busy", ["open", "open"], ["open", "shut"]],
  ["a message that is never taken", refusal(400, 10054), "rejected", ["open", "open"], ["open", "shut"]],
];

for (const [what, text, verdict, whenOpen, whenProbing] of ROWS) {
  test(`take makes ${verdict} of ${what}, and tells whose trouble it is`, () => {
    const one = open();
    one.verdicts.take(one.send(), answer(text));
    expect([one.heard[0]?.[0], one.phases(), one.answers()]).toEqual([verdict, [...whenOpen], 1]);
  });

  test(`take makes of ${what}, as the answer to the copy that tries: ${whenProbing.join(", ")}`, () => {
    const one = open();
    for (const gate of [one.way.stream, one.way.destination]) {
      one.gates.tell(gate, { is: "refused", reason: "as before", sentMs: one.time.now() });
    }
    one.time.advance(2000);
    one.verdicts.take(one.send(), answer(text));
    expect([one.heard[0]?.[0], one.phases()]).toEqual([verdict, [...whenProbing]]);
  });
}

test("take tells of a subject that the stream does not take as the destination's trouble, and looks again", () => {
  const one = open({ takes: false });
  one.verdicts.take(one.send(), answer(""));
  expect(one.heard).toEqual([["unacked", 'the stream does not take "pixel.warehouse.page"']]);
  expect([one.phases(), one.rechecked]).toEqual([["open", "shut"], ["WAREHOUSE"]]);
  expect(one.log.lines.join()).toContain("the stream does not take the subject");
});

test("takeStored takes an ack of the expected stream, and leaves any other to be read as a whole", () => {
  const one = open();
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

test("take makes nothing of a first ack after the deadline", () => {
  const one = open();
  const expired = one.send("late");
  one.pass(2000);
  expect([one.heard, one.phases()]).toEqual([[["unacked", "no ack in time"]], ["slow", "open"]]);
  one.verdicts.take(expired, answer(STORED));
  expect([one.phases(), one.verdicts.findings()]).toEqual([["slow", "open"], []]);
});

test("sweep finds a stream slow while a message is out for a second, and gives the message up at its deadline", () => {
  const one = open();
  one.send();
  one.pass(999);
  expect([one.phases(), one.heard]).toEqual([["open", "open"], []]);
  one.pass(1);
  expect([one.phases(), one.heard]).toEqual([["slow", "open"], []]);
  one.pass(999);
  expect(one.heard).toEqual([]);
  one.pass(1);
  expect(one.heard).toEqual([["unacked", "no ack in time"]]);
  // Sent since it is slow, a relay's copy that has no ack either shows that it is more than that.
  one.send("relayed", 8000);
  one.pass(8000);
  expect(one.phases()).toEqual(["shut", "open"]);
});

test("sweep judges nobody by the time that the gateway itself has stood still, once", () => {
  const one = open();
  const number = one.send();
  one.time.advance(5000);
  one.verdicts.sweep();
  expect([one.phases(), one.heard]).toEqual([["open", "open"], []]);
  one.verdicts.take(number, answer(STORED));
  expect(one.heard).toEqual([["stored", ""]]);
  one.send("silent");
  for (const _ of Array(2)) {
    one.time.advance(5000);
    one.verdicts.sweep();
  }
  expect(one.heard.slice(1)).toEqual([["unacked", "no ack in time"]]);
});

test("deny tells of the destination, and of no stream nor of another subject", () => {
  const one = open();
  one.send();
  one.verdicts.deny("pixel.warehouse.track");
  expect([one.heard, one.phases()]).toEqual([[], ["open", "open"]]);
  one.verdicts.deny("pixel.warehouse.page");
  expect(one.heard).toEqual([["unacked", "publishing to the subject is not permitted"]]);
  expect([one.phases(), one.answers()]).toEqual([["open", "shut"], 2]);
  one.verdicts.deny("$JS.API.STREAM.INFO.WAREHOUSE");
  expect(one.log.lines.filter((line) => line.includes("no permission"))).toHaveLength(2);
});

test("abandon says that nothing is known, and lets whatever was tried be tried again at once", () => {
  const one = open();
  one.gates.tell(one.way.stream, { is: "refused", reason: "full", sentMs: one.time.now() });
  one.time.advance(2000);
  one.send();
  expect(one.phases()).toEqual(["probing", "open"]);
  one.verdicts.abandon("the connection is lost");
  expect(one.heard).toEqual([["unacked", "the connection is lost"]]);
  expect([one.phases(), one.gates.permit(WAREHOUSE)]).toEqual([["shut", "open"], { is: "one" }]);
});

test("take tells of an id that stays busy for more than a minute, with the command that cures it", () => {
  const one = open();
  for (let second = 0; second <= 60; second++) {
    one.verdicts.take(one.send("busy"), answer(refusal(409, 10158)));
    one.time.advance(1000);
  }
  expect([one.verdicts.findings(), one.log.lines]).toEqual([[], []]);
  one.verdicts.take(one.send("busy"), answer(refusal(409, 10158)));
  const cure = "nats stream cluster step-down WAREHOUSE";
  expect(one.verdicts.findings()).toEqual([
    {
      stream: "WAREHOUSE",
      severity: "warning",
      says: "a message has been in process for more than a minute (10158), and stays in the spool",
      cure,
      isFatal: false,
    },
  ]);
  expect(one.log.lines.join()).toContain(cure);
  expect(one.phases()).toEqual(["open", "open"]);
});

test("take finds two streams behind two acks of one message, and tells of it for ten minutes", () => {
  const one = open();
  const number = one.send();
  one.verdicts.take(number, answer(STORED));
  one.verdicts.take(number, answer('{"stream":"WAREHOUSE", "domain":"hub", "seq":7}'));
  expect(one.heard).toEqual([["stored", ""]]);
  expect(one.verdicts.findings().map(({ stream, severity }) => [stream, severity])).toEqual([
    ["WAREHOUSE", "warning"],
  ]);
  expect(one.verdicts.findings()[0]?.says).toContain('"WAREHOUSE" in JetStream domain "hub"');
  one.time.advance(600_000);
  expect(one.verdicts.findings()).toHaveLength(1);
  one.time.advance(1);
  expect(one.verdicts.findings()).toEqual([]);
});
