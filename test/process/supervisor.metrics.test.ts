// How a supervisor gets the metrics of its workers: they are scripted, and the clock is turned by hand.
import { expect, test } from "bun:test";
import type { FromWorker } from "../../src/process/worker.ts";
import { putAwayAfterEach } from "../support/parts.ts";
import { settle, superviseScripted } from "../support/scriptedworkers.ts";

putAwayAfterEach();

/** A worker's answer: one counter. */
const snapshot = (question: number | null, value: number): FromWorker => ({
  kind: "snapshot",
  question,
  snapshot: [
    { name: "seen", help: "seen", type: "counter", aggregator: "sum", values: [{ value, labels: {} }] },
  ],
});

test("supervise renders the metrics when each worker has answered, and takes nothing older for an answer", async () => {
  const { worker, listen } = superviseScripted(2);
  const { metrics } = await listen();
  let text = "";
  const rendering = metrics.render().then((rendered) => {
    text = rendered;
  });
  for (const at of [0, 1]) expect(worker(at).told).toEqual([{ kind: "ask snapshot", question: 1 }]);
  worker(0).hear(snapshot(1, 10));
  worker(1).hear(snapshot(null, 1));
  await settle();
  expect(text).toBe("");
  worker(1).hear(snapshot(1, 2));
  await rendering;
  expect(text).toContain("\nseen 12\n");
});

test("supervise asks one question for all scrapes that overlap, and a new one afterwards", async () => {
  const { worker, listen, clock } = superviseScripted(2);
  const { metrics } = await listen();
  const texts = [metrics.render(), metrics.render()];
  worker(0).hear(snapshot(1, 1));
  texts.push(metrics.render());
  worker(1).hear(snapshot(1, 2));
  // No time goes by: none of them waits for an answer that another one got.
  for (const text of texts) expect(await text).toContain("\nseen 3\n");
  const later = metrics.render();
  for (const at of [0, 1]) {
    expect(worker(at).told).toEqual([1, 2].map((question) => ({ kind: "ask snapshot", question })));
  }
  clock.advance(1000);
  expect(await later).toContain("\nseen 3\n");
});

test("supervise waits a second for the metrics of a busy worker, and then takes its last", async () => {
  const { worker, listen, clock } = superviseScripted(2);
  const { metrics } = await listen();
  for (const at of [0, 1]) worker(at).hear(snapshot(null, 10 ** at));
  let isRendered = false;
  const rendering = metrics.render().finally(() => {
    isRendered = true;
  });
  worker(0).hear(snapshot(1, 2));
  clock.advance(999);
  await settle();
  expect(isRendered).toBe(false);
  clock.advance(1);
  expect(await rendering).toContain("\nseen 12\n");
});

test("supervise does not wait for the metrics of a dead worker", async () => {
  const { worker, listen } = superviseScripted(2);
  const { metrics } = await listen();
  worker(1).hear(snapshot(null, 10));
  await worker(1).end({ code: 1 });
  const rendering = metrics.render();
  worker(0).hear(snapshot(1, 2));
  expect(await rendering).toContain("\nseen 12\n");
});

test("supervise does not wait for the metrics of a worker that dies while it is asked", async () => {
  const { worker, listen } = superviseScripted(2);
  const { metrics } = await listen();
  worker(1).hear(snapshot(null, 10));
  const rendering = metrics.render();
  worker(0).hear(snapshot(1, 2));
  await worker(1).end({ signal: "SIGKILL" });
  expect(await rendering).toContain("\nseen 12\n");
});

test("supervise does not wait for the metrics of a worker that is being started again", async () => {
  const { worker, listen, clock } = superviseScripted(2);
  const { metrics } = await listen();
  await worker(1).end({ code: 1 });
  clock.advance(500);
  const rendering = metrics.render();
  worker(0).hear(snapshot(1, 2));
  expect(await rendering).toContain("\nseen 2\n");
  expect(worker(2).told).toEqual([]);
});

test("supervise waits once for a worker that does not answer, and again when it has said something", async () => {
  const { worker, listen, clock } = superviseScripted(1);
  const { metrics } = await listen();
  worker(0).hear(snapshot(null, 1));
  const first = metrics.render();
  clock.advance(1000);
  await first;
  expect(await metrics.render()).toContain("\nseen 1\n");
  worker(0).hear(snapshot(2, 5));
  const third = metrics.render();
  worker(0).hear(snapshot(3, 6));
  expect(await third).toContain("\nseen 6\n");
});
