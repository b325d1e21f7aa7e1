// Streams of their own, beside the default stream, which gives up what they are to take: on a real nats-server.
import { expect, test } from "bun:test";
import { nanos } from "nats";
import { nats, putAwayAfterEach } from "../../support/parts.ts";
import { addStreams, configOf, ensure, layoutOf, toldOf } from "../../support/streamlook.ts";

putAwayAfterEach();

const MANAGED = "Managed by Pixelgate";

const OWN = [{ id: "warehouse", stream: "WAREHOUSE", maxAge: "24h", maxBytes: "10GiB" }, { id: "alerts" }];

test("ensureStream has the default stream give up what a stream of its own is to take, whichever comes first", async () => {
  for (const order of [
    ["PIXEL", "WAREHOUSE"],
    ["WAREHOUSE", "PIXEL"],
  ]) {
    const server = await nats();
    await ensure(server, layoutOf());
    const layout = layoutOf(OWN);
    for (const name of order) expect(await ensure(server, layout, name)).toMatchObject({ is: "ready" });
    expect((await configOf(server)).subjects.toSorted()).toEqual(["pixel._rejected.>", "pixel.alerts.>"]);
    expect(await configOf(server, "WAREHOUSE")).toMatchObject({
      description: MANAGED,
      subjects: ["pixel.warehouse.>"],
      max_age: nanos(24 * 3_600_000),
      max_bytes: 10 * 1024 ** 3,
    });
    await server.stop();
  }
});

test("ensureStream makes a stream a partition, which takes its own part alone", async () => {
  const server = await nats();
  const layout = layoutOf([{ id: "warehouse", stream: "W", partitions: 2 }, { id: "alerts" }]);
  for (const name of layout.streams.keys()) {
    expect(await ensure(server, layout, name)).toMatchObject({ is: "ready", isNew: true });
  }
  expect((await configOf(server, "W_0")).subjects).toEqual(["pixel.warehouse.*.0"]);
  expect((await configOf(server, "W_1")).subjects).toEqual(["pixel.warehouse.*.1"]);
});

test("ensureStream does not take subjects from a stream that is not Pixelgate's, and says how it is done", async () => {
  const server = await nats();
  await addStreams(server, {
    name: "PIXEL",
    subjects: ["pixel.>"],
    discard: "new",
    max_age: nanos(3_600_000),
  });
  const layout = layoutOf(OWN);
  expect(await ensure(server, layout, "WAREHOUSE")).toMatchObject({
    is: "blocked",
    reason: expect.stringContaining("overlap"),
  });
  expect(await ensure(server, layout)).toMatchObject({
    is: "ready",
    differences: [
      {
        says: "it does not take pixel.alerts.>, pixel._rejected.>, and it takes pixel.>, of which another stream needs a part",
        cure: "nats stream edit PIXEL --subjects='pixel.alerts.>,pixel._rejected.>'",
      },
    ],
  });
  expect((await configOf(server)).subjects).toEqual(["pixel.>"]);
});

test("ensureStream adds what is free where a stream of another gateway's has a part of the subjects", async () => {
  const server = await nats();
  const owner = layoutOf(OWN);
  for (const name of ["PIXEL", "WAREHOUSE"]) await ensure(server, owner, name);
  // Another gateway, whose configuration has no stream but the default one.
  const layout = layoutOf([{ id: "warehouse" }, { id: "alerts" }, { id: "mail" }]);
  const { changed, differences } = toldOf(await ensure(server, layout, "PIXEL", false));
  expect(changed).toEqual(["it does not take pixel.mail.>"]);
  expect(differences).toEqual([
    expect.stringMatching(/^it does not take pixel\.>: .*overlap/),
    expect.stringMatching(/^it does not take pixel\.warehouse\.>: .*overlap/),
  ]);
  expect((await configOf(server)).subjects.toSorted()).toEqual([
    "pixel._rejected.>",
    "pixel.alerts.>",
    "pixel.mail.>",
  ]);
  expect((await configOf(server, "WAREHOUSE")).subjects).toEqual(["pixel.warehouse.>"]);
});

test("ensureStream adds what is free to a list of subjects, too, and names once what is not", async () => {
  const server = await nats();
  const apart = { id: "apart", stream: "APART" };
  await ensure(server, layoutOf([{ id: "alerts" }, apart]));
  await addStreams(server, { name: "OTHERS", subjects: ["pixel.warehouse.>"] });
  const layout = layoutOf([{ id: "alerts" }, { id: "warehouse" }, { id: "mail" }, apart]);
  const first = toldOf(await ensure(server, layout));
  expect(first.changed).toEqual(["it does not take pixel.mail.>"]);
  const second = toldOf(await ensure(server, layout));
  expect(second).toMatchObject({
    changed: [],
    differences: [expect.stringMatching(/^it does not take pixel\.warehouse\.>: .*overlap/)],
  });
  expect((await configOf(server)).subjects.toSorted()).toEqual([
    "pixel._rejected.>",
    "pixel.alerts.>",
    "pixel.mail.>",
  ]);
});
