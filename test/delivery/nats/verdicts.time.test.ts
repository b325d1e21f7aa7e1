// What time makes of messages: late, given up, busy for long, answered twice.
import { expect, test } from "bun:test";
import { WAREHOUSE } from "../../support/twodestinations.ts";
import { answer, openVerdicts, refusal, STORED } from "../../support/verdicts.ts";

test("take makes nothing of a first ack after the deadline", () => {
  const one = openVerdicts();
  const expired = one.send("late");
  one.pass(2000);
  expect([one.heard, one.phases()]).toEqual([[["unacked", "no ack in time"]], ["slow", "open"]]);
  one.verdicts.take(expired, answer(STORED));
  expect([one.phases(), one.verdicts.findings()]).toEqual([["slow", "open"], []]);
});

test("sweep finds a stream slow while a message is out for a second, and gives the message up at its deadline", () => {
  const one = openVerdicts();
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
  const one = openVerdicts();
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

test("abandon says that nothing is known, and lets whatever was tried be tried again at once", () => {
  const one = openVerdicts();
  one.gates.tell(one.way.stream, { is: "refused", reason: "full", sentMs: one.time.now() });
  one.time.advance(2000);
  one.send();
  expect(one.phases()).toEqual(["probing", "open"]);
  one.verdicts.abandon("the connection is lost");
  expect(one.heard).toEqual([["unacked", "the connection is lost"]]);
  expect([one.phases(), one.gates.permit(WAREHOUSE)]).toEqual([["shut", "open"], { is: "one" }]);
});

test("take tells of an id that stays busy for more than a minute, with the command that cures it", () => {
  const one = openVerdicts();
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
  const one = openVerdicts();
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
