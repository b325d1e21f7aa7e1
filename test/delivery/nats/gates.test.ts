import { expect, test } from "bun:test";
import type { Layout } from "../../../src/config/layout.ts";
import type { Route } from "../../../src/config/subject.ts";
import { Gates, type NamedGate } from "../../../src/delivery/nats/gates.ts";
import { createHandClock } from "../../support/clock.ts";
import { resolved } from "../../support/configuration.ts";

const layoutOf = (destinations: { id: string; stream?: string; partitions?: number }[]): Layout =>
  resolved({ sources: [{ id: "blog", writeKey: "wk_blog", destinations: [] }], destinations }).layout;

const SPREAD = { id: "spread", stream: "SPREAD", partitions: 3 };
const THREE = layoutOf([{ id: "warehouse" }, { id: "alerts" }, SPREAD]);

const route = (destinationId: string, stream = "PIXEL"): Route => ({
  destinationId,
  subject: `pixel.${destinationId}.page`,
  stream,
});

function open(layout: Layout = THREE) {
  const time = createHandClock();
  const backlogs = new Set<string>();
  const changes: string[] = [];
  const onChange = ({ kind, name, gate }: NamedGate) => changes.push(`${kind} ${name} ${gate.phase}`);
  const hasBacklog = (id: string) => backlogs.has(id);
  const gates = new Gates(layout, { time, random: () => 1, hasBacklog, onChange });
  const refuse = (one: NamedGate) => gates.tell(one, { is: "refused", reason: "full", sentMs: time.now() });
  return { gates, time, backlogs, changes, refuse };
}

test("Gates lets everything through until something is told", () => {
  const { gates } = open();
  for (const id of ["warehouse", "alerts", "nowhere"]) {
    expect([gates.takes(route(id)), gates.permit(route(id)), gates.hasOpen]).toEqual([
      true,
      { is: "many" },
      true,
    ]);
  }
  expect(gates.destinations().map(({ state }) => state)).toEqual(["open", "open", "open"]);
});

test("a destination's gate holds its own copies, and its stream's those of all its destinations", () => {
  const { gates, refuse, time } = open();
  refuse(gates.wayOf(route("warehouse")).destination);
  const untilMs = time.now() + 250;
  expect([gates.takes(route("warehouse")), gates.permit(route("warehouse"))]).toEqual([
    false,
    { is: "none", untilMs },
  ]);
  expect([gates.takes(route("alerts")), gates.permit(route("alerts"))]).toEqual([true, { is: "many" }]);
  refuse(gates.stream("PIXEL"));
  expect([gates.takes(route("alerts")), gates.permit(route("alerts"))]).toEqual([
    false,
    { is: "none", untilMs },
  ]);
  expect(gates.takes(route("spread", "SPREAD_0"))).toBe(true);
});

test("a partition that is full holds its own copies, and none of the destination's others", () => {
  const { gates, refuse, changes } = open(layoutOf([SPREAD]));
  refuse(gates.wayOf(route("spread", "SPREAD_0")).destination);
  const takes = ["SPREAD_0", "SPREAD_1", "SPREAD_2"].map((stream) => gates.takes(route("spread", stream)));
  expect([takes, gates.hasOpen]).toEqual([[false, true, true], true]);
  expect(gates.destinations()).toMatchObject([{ id: "spread", state: "shut", reason: "full" }]);
  expect(changes).toEqual(["destination spread in SPREAD_0 shut"]);
});

test("permit is for many, for one, or for none until the later of both gates", () => {
  const { gates, refuse, time } = open();
  const { destination, stream } = gates.wayOf(route("warehouse"));
  gates.tell(stream, { is: "late", reason: "late" });
  expect(gates.permit(route("warehouse"))).toEqual({ is: "many" });
  refuse(stream);
  time.advance(100);
  refuse(destination);
  expect(gates.permit(route("warehouse"))).toEqual({ is: "none", untilMs: time.now() + 250 });
  time.advance(150);
  expect(gates.permit(route("warehouse"))).toEqual({ is: "none", untilMs: time.now() + 100 });
  time.advance(100);
  expect(gates.permit(route("warehouse"))).toEqual({ is: "one" });
  gates.probe({ destination, stream }, time.now());
  const never = Number.POSITIVE_INFINITY;
  expect(gates.permit(route("warehouse"))).toEqual({ is: "none", untilMs: never });
  // Another destination of the stream waits for the same answer.
  expect(gates.permit(route("alerts"))).toEqual({ is: "none", untilMs: never });
});

test("takes lets a client's copy try a gate that is shut only where no relay does, and none where it is slow", () => {
  const { gates, refuse, time, backlogs } = open();
  const { destination, stream } = gates.wayOf(route("warehouse"));
  refuse(destination);
  time.advance(249);
  expect(gates.takes(route("warehouse"))).toBe(false);
  time.advance(1);
  expect(gates.takes(route("warehouse"))).toBe(true);
  backlogs.add("warehouse");
  expect(gates.takes(route("warehouse"))).toBe(false);
  backlogs.clear();
  gates.tell(stream, { is: "late", reason: "late" });
  expect(gates.takes(route("warehouse"))).toBe(false);
});

test("destinations tells the worst of a destination's gate and those of its streams, and since when", () => {
  const { gates, refuse, time } = open(layoutOf([SPREAD, { id: "alone", stream: "ALONE" }]));
  const of = (id: string) => gates.destinations().find((one) => one.id === id);
  expect(of("spread")).toEqual({ id: "spread", state: "open", reason: "", sinceMs: null });
  gates.tell(gates.stream("SPREAD_1"), { is: "late", reason: "late" });
  time.advance(100);
  expect(of("spread")).toEqual({ id: "spread", state: "slow", reason: "late", sinceMs: 100 });
  refuse(gates.stream("SPREAD_0"));
  time.advance(300);
  gates.probe(gates.wayOf(route("spread", "SPREAD_0")), time.now());
  expect(of("spread")).toEqual({ id: "spread", state: "shut", reason: "full", sinceMs: 300 });
  gates.tell(gates.stream("SPREAD_2"), { is: "barred", reason: "it cannot be created" });
  expect(of("spread")).toMatchObject({ state: "barred", reason: "it cannot be created", sinceMs: 0 });
  expect([of("alone")?.state, gates.hasOpen]).toEqual(["open", true]);
  refuse(gates.stream("ALONE"));
  expect(gates.hasOpen).toBe(false);
});

test("hasOpen asks the default stream where no destination is configured", () => {
  const { gates, refuse } = open({ ...THREE, destinations: new Map() });
  expect(gates.hasOpen).toBe(true);
  refuse(gates.stream("PIXEL"));
  expect(gates.hasOpen).toBe(false);
});

test("wayOf gives the streams of a destination with partitions each their gate", () => {
  const { gates } = open();
  const names = ["SPREAD_0", "SPREAD_1", "SPREAD_0"].map((stream) => gates.wayOf(route("spread", stream)));
  expect(names.map(({ stream }) => stream.name)).toEqual(["SPREAD_0", "SPREAD_1", "SPREAD_0"]);
  expect(names[0]?.stream).toBe(gates.stream("SPREAD_0"));
  expect(names.map(({ destination }) => destination.name)).toEqual([
    "spread in SPREAD_0",
    "spread in SPREAD_1",
    "spread in SPREAD_0",
  ]);
  expect(names[0]?.destination).toBe(names[2]?.destination as NamedGate);
});

test("use forgets what is not in the layout, and lets each gate that is shut be tried at once", () => {
  const { gates, refuse, changes, time } = open();
  refuse(gates.wayOf(route("warehouse")).destination);
  refuse(gates.stream("SPREAD_0"));
  changes.length = 0;
  gates.use(layoutOf([{ id: "warehouse" }]));
  expect(changes).toEqual(["destination warehouse shut"]);
  expect(gates.permit(route("warehouse"))).toEqual({ is: "one" });
  expect(gates.destinations().map(({ id }) => id)).toEqual(["warehouse"]);
  expect(gates.areAllOpen).toBe(false);
  const { destination } = gates.wayOf(route("warehouse"));
  gates.probe(gates.wayOf(route("warehouse")), time.now());
  gates.tell(destination, { is: "answered", sentMs: time.now() });
  expect(gates.areAllOpen).toBe(true);
});

test("tell says nothing of a gate that an earlier layout had, whatever becomes of what was on its way", () => {
  const { gates, refuse, changes } = open();
  const former = gates.wayOf(route("spread", "SPREAD_0"));
  gates.use(layoutOf([{ id: "warehouse" }]));
  changes.length = 0;
  refuse(former.stream);
  refuse(former.destination);
  expect(changes).toEqual([]);
  expect(gates.areAllOpen).toBe(true);
});

test("areAllOpen holds again once the last gate that was not open is", () => {
  const { gates, refuse, time } = open();
  const ways = [route("warehouse"), route("alerts")].map((one) => gates.wayOf(one));
  for (const { destination } of ways) refuse(destination);
  const seen: boolean[] = [];
  time.advance(250);
  for (const way of ways) {
    gates.probe(way, time.now());
    gates.tell(way.destination, { is: "answered", sentMs: time.now() });
    seen.push(gates.areAllOpen);
  }
  expect(seen).toEqual([false, true]);
});
