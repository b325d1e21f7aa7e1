// What any gateway must do, told over HTTP to a real process: the same assertions on every runtime and every store.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { testOthers, testPixels } from "./answers.ts";
import { testWire } from "./wire.ts";
import { createWorld, type Runtime, type Store, type World } from "./world.ts";

/** Declares the suite for one runtime and one store. */
export function describeGateway(runtime: Runtime, store: Store): void {
  describe(`on ${runtime.name}, into ${store.name}`, () => {
    const world = createWorld(runtime, store);
    beforeAll(world.start, 40_000);
    afterAll(async () => {
      expect(await world.stop()).toBe(0);
    }, 40_000);

    testPixels(world);
    testOthers(world);
    testWire(world, runtime);
    testArrivals(world, runtime);
  });
}

/** Declares the last test: it looks at what all the others sent. */
function testArrivals(world: World, runtime: Runtime): void {
  test("every accepted event arrived at each of its subjects once, and nothing else did", async () => {
    const wanted = world.wanted();
    const arrivals = await world.arrivals(wanted.length);
    expect(arrivals.map(({ subject, event }) => `${event.messageId} ${subject}`).sort()).toEqual(wanted);

    const named = (name: string) => arrivals.find(({ event }) => event.name === name)?.event;
    expect(named("Home")).toMatchObject({ type: "page", channel: "web", request_ip: "127.0.0.1" });
    expect(named("Home")).not.toHaveProperty("writeKey");
    expect(named("again")).toMatchObject({
      anonymousId: world.visitor,
      context: { gateway: { identity: "cookie" } },
    });
    expect(named("hash")).not.toHaveProperty("name2");
    expect(named("raw")).toMatchObject({ t: "{{id}}*|E|*^[];`\\50% off" });
    expect(named("café ☕")).toBeDefined();
    if (runtime.refuses.invalidUtf8 === null) expect(named("caf\uFFFD")).toBeDefined();
    expect(named("proxied")).toMatchObject({ request_ip: "203.0.113.5", context: { ip: "203.0.113.5" } });
  }, 15_000);
}
