import { expect, test } from "bun:test";
import { quantile } from "./openloop.ts";
import { type Lane, Schedule } from "./schedule.ts";

/** A schedule with connections that note what they send, 10 requests a second from the time 1000 on. */
function scheduleWith(lanes: number, seconds = 1) {
  const sent: string[] = [];
  const schedule = new Schedule(1000, 10, seconds);
  const all = Array.from(
    { length: lanes },
    (_, lane): Lane =>
      (request) =>
        sent.push(`${request} on ${lane}`),
  );
  for (const lane of all) schedule.release(lane);
  return { schedule, sent, all };
}

test("Schedule sends nothing before its time, and all that is due when it is asked late", () => {
  const { schedule, sent } = scheduleWith(5);
  schedule.send(999.9);
  expect(sent).toEqual([]);
  schedule.send(1000);
  expect(sent).toEqual(["0 on 0"]);
  schedule.send(1399);
  expect(sent).toEqual(["0 on 0", "1 on 1", "2 on 2", "3 on 3"]);
});

test("Schedule has a request wait for a free connection, and its time stays what it was", () => {
  const { schedule, sent, all } = scheduleWith(1);
  schedule.send(1500);
  expect(sent).toEqual(["0 on 0"]);
  for (const lane of all) schedule.release(lane);
  schedule.send(1500);
  expect(sent).toEqual(["0 on 0", "1 on 0"]);
  expect(schedule.dueMs(1)).toBe(1100);
});

test("Schedule uses the connection that has rested longest, and none that is gone", () => {
  const { schedule, sent, all } = scheduleWith(3);
  schedule.send(1000);
  const [first = () => {}, second = () => {}] = all;
  schedule.release(first);
  schedule.withdraw(second);
  schedule.send(1200);
  expect(sent).toEqual(["0 on 0", "1 on 2", "2 on 0"]);
});

test("Schedule ends with the last request of its time", () => {
  const { schedule, sent } = scheduleWith(50, 2);
  schedule.send(99_999);
  expect(schedule.total).toBe(20);
  expect(sent).toHaveLength(20);
});

test("quantile is a value that so many do not exceed", () => {
  const values = Float64Array.from({ length: 1000 }, (_, i) => i + 1);
  expect([0, 0.5, 0.99, 0.999, 1].map((share) => quantile(values, share))).toEqual([1, 500, 990, 999, 1000]);
  expect(quantile(new Float64Array(), 0.5)).toBe(0);
});
