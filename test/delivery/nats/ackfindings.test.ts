import { expect, test } from "bun:test";
import { AckFindings } from "../../../src/delivery/nats/ackfindings.ts";
import { createHandClock } from "../../support/clock.ts";
import { recordLog } from "../../support/parts.ts";

test("AckFindings tells once of a stream in another one's place, however many subjects it takes", () => {
  const [log, time] = [recordLog(), createHandClock()];
  const findings = new AckFindings(log, time);
  const other = { stream: "OTHER", domain: null };
  const third = { stream: "THIRD", domain: null };
  for (let index = 0; index < 3000; index++) findings.elsewhere("PIXEL", other, `pixel.d${index}.page`);
  findings.elsewhere("PIXEL", third, "pixel.d0.page");
  findings.elsewhere("WAREHOUSE", other, "pixel.w.page");
  expect(findings.list().map(({ stream, says }) => [stream, says.split(",")[0]])).toEqual([
    ["PIXEL", 'stream "OTHER" takes "pixel.d0.page"'],
    ["PIXEL", 'stream "THIRD" takes "pixel.d0.page"'],
    ["WAREHOUSE", 'stream "OTHER" takes "pixel.w.page"'],
  ]);
  expect(log.lines).toHaveLength(3);
});

test("AckFindings tells of what was seen until ten minutes have passed without it", () => {
  const time = createHandClock();
  const findings = new AckFindings(recordLog(), time);
  findings.twice("PIXEL", { stream: "PIXEL", domain: "hub" });
  time.advance(600_000);
  findings.twice("PIXEL", { stream: "PIXEL", domain: "hub" });
  time.advance(600_000);
  expect(findings.list()).toHaveLength(1);
  time.advance(1);
  expect(findings.list()).toEqual([]);
});
