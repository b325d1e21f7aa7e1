// A gateway under attack over real sockets: strangers' shapes by the thousand, and the pixels of its sites between them.
import { afterAll, expect, test } from "bun:test";
import { Plans } from "../../src/pixel/plan/plans.ts";
import { bun } from "../../src/runtime/bun.ts";
import { mix } from "../bench/mix.ts";
import { startApp } from "../support/publicapp.ts";

const plans = new Plans();
const { app, faults } = startApp({ plans });
const listener = bun.listen(app, { host: "127.0.0.1", port: 0, reusePort: false });
afterAll(() => listener.stop(true));

const AT_ONCE = 64;

async function send(
  targets: readonly { readonly target: string; readonly headers?: Record<string, string> }[],
) {
  for (let at = 0; at < targets.length; at += AT_ONCE) {
    const answers = await Promise.all(
      targets
        .slice(at, at + AT_ONCE)
        .map(({ target, headers = {} }) => fetch(`http://127.0.0.1:${listener.port}${target}`, { headers })),
    );
    for (const answer of answers) {
      expect(answer.status).toBe(200);
      await answer.arrayBuffer();
    }
  }
}

const visits = mix
  .filter(({ target }) => target.length < 2000)
  .map(({ target, headers }) => ({ target: target.replace("writeKey=demo", "writeKey=wk_blog"), headers }));

test("createApp serves the shapes of its sites from plans, whatever strangers send beside them", async () => {
  await send(visits.slice(0, 768));
  expect(faults).toEqual([]);
  let shape = 0;
  let visit = 768;
  const before = plans.counts.written;
  const visitsBefore = visit;
  for (let round = 0; round < 24; round++) {
    const strangers = Array.from({ length: 96 }, (_, i) => ({
      target: `/pixel/v1/page?writeKey=wk_blog&k${shape + (i >> 1)}=1&name=${i}`,
    }));
    shape += 48;
    await send([...strangers, ...visits.slice(visit, visit + 32)]);
    visit += 32;
  }
  expect(visit).toBeLessThan(visits.length);
  expect(plans.counts.written - before).toBeGreaterThanOrEqual((visit - visitsBefore) * 0.97);
  expect(faults).toEqual([]);
});
