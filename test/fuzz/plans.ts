// Random queries of random shapes, each shape met often enough to have a plan: plan and reference must give the same.

import { Plans } from "../../src/pixel/plan/plans.ts";
import { CLIENTS, type Client, requestFrom } from "../support/clients.ts";
import { POLICY_KEYS } from "../support/policies.ts";
import { BIG_SHAPES, ODD_SHAPES, type Shape, USUAL_SHAPES, writeTarget } from "../support/shapes.ts";
import { createTwins } from "../support/twins.ts";
import { ODD_VALUES, valueFor } from "../support/values.ts";
import { type Random, randomOf } from "./random.ts";
import { randomHeaders, randomKey } from "./requests.ts";

const MAX_SHAPES = 3;
const MAX_VISITS = 24;

/** Decides requests of a few random shapes that take turns; throws where a plan gives what the reference does not. */
export function checkPlans(seed: number): void {
  const random = randomOf(seed);
  // Few are kept in every third case, so that plans go while others are made.
  const plans = random.oneIn(3) ? new Plans({ most: 1 + random.below(4), mostBytes: 65_536 }) : new Plans();
  const twins = createTwins({ maxUrlBytes: random.oneIn(20) ? 400 : 65_536, plans });
  const shapes = [randomShape(random), ...random.many(MAX_SHAPES - 1, () => randomShape(random))];
  const clients = [randomClient(random), ...random.many(2, () => randomClient(random))];
  const writeKeys = [random.pick(POLICY_KEYS), random.pick([...POLICY_KEYS, "wk_slow", "wk_off", "nobody"])];
  const visits = 4 + random.below(MAX_VISITS);
  for (let visit = 0; visit < visits; visit++) {
    const target = writeTarget(random.pick(shapes), random.pick(writeKeys), (key) =>
      randomValue(key, random),
    );
    const path = random.oneIn(12) ? target.replace("?", ".gif?") : target;
    const whole = random.oneIn(20) ? `${path}#${random.pick(ODD_VALUES)}` : path;
    const request = requestFrom(random.pick(clients), whole, visit);
    twins.decide(random.oneIn(15) ? { ...request, url: whole } : request);
  }
  twins.recheck();
}

/** A shape of the tables, changed at some places, or one of random keys. */
function randomShape(random: Random): Shape {
  if (random.oneIn(40)) return random.pick(BIG_SHAPES);
  const { type, keys } = random.pick(random.oneIn(2) ? USUAL_SHAPES : ODD_SHAPES);
  const changed = random.oneIn(3) ? ["writeKey", ...(type === "track" ? ["event"] : [])] : [...keys];
  for (const _ of random.many(6, (i) => i)) {
    const at = random.below(changed.length + 1);
    const some = random.pick([...changed, "anonymousId"]);
    changed.splice(at, random.oneIn(4) ? 1 : 0, ...random.many(1, () => newKey(some, random)));
  }
  // What would end the key early.
  return { type: random.oneIn(8) ? "track" : type, keys: changed.map((key) => key.replace(/[&=#]/g, "")) };
}

/** A key beside another: that one again, in the same or in another spelling, one of the tables, or any. */
function newKey(near: string, random: Random): string {
  const make = random.pick([
    () => near,
    () => respelt(near, random),
    () => random.pick(random.pick(ODD_SHAPES).keys),
    () => randomKey(random),
  ]);
  return make();
}

/** Another spelling of a key: the same place, the same decoded text or a text of its own. */
function respelt(key: string, random: Random): string {
  const at = random.below(key.length);
  const code = key.charCodeAt(at);
  if (Number.isNaN(code) || code > 127) return key;
  const escaped = `%${code.toString(16).padStart(2, "0")}`;
  const spelt = random.pick([escaped, escaped.toUpperCase(), `\\${key[at]}`, `:${key[at]}`, `.${key[at]}`]);
  return key.slice(0, at) + spelt + key.slice(at + 1);
}

function randomValue(key: string, random: Random): string {
  if (!random.oneIn(6)) return valueFor(key, random);
  const text = random.many(5, () => random.pick(ODD_VALUES)).join("");
  return random.oneIn(3) ? text.slice(0, random.below(text.length + 1)) : text;
}

function randomClient(random: Random): Client {
  if (random.oneIn(2)) return random.pick(Object.values(CLIENTS));
  const peer = random.pick([null, "192.0.2.1", "10.0.0.9", "::1", "2001:db8::7", "::ffff:10.0.0.1", "x"]);
  return { peer, headers: Object.fromEntries(randomHeaders(random)) };
}
