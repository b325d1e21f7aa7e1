// A source for each policy there can be.
import type { Sources } from "../../src/config/sources.ts";
import { resolved } from "./configuration.ts";

/** Every combination of some choices, one of each. */
function product<T extends Readonly<Record<string, readonly unknown[]>>>(
  choices: T,
): { readonly [K in keyof T]: T[K][number] }[] {
  let rows: Record<string, unknown>[] = [{}];
  for (const [name, values] of Object.entries(choices)) {
    rows = rows.flatMap((row) => values.map((value) => ({ ...row, [name]: value })));
  }
  return rows as { [K in keyof T]: T[K][number] }[];
}

const DESTINATIONS = [
  { id: "warehouse" },
  { id: "alerts", events: ["track"] },
  { id: "lake", stream: "LAKE", partitions: 4 },
];

const POLICIES = product({
  anonymousId: ["assign", "cookie", "reject"],
  ip: ["keep", "truncate", "drop"],
  privacySignals: ["flag", "anonymise", "drop"],
  bots: ["flag", "drop"],
  dedupe: [undefined, "messageId"],
  destinations: [["warehouse", "alerts"], ["lake"]],
}).map((policy, index) => ({ id: `s${index}`, writeKey: `wk_${index}`, ...policy }));

const [DEFAULT_POLICY] = POLICIES;

/** Sources of each policy, and some that are looked at before a query is read whole. */
export const POLICY_SOURCES: Sources = resolved({
  sources: [
    ...POLICIES,
    { ...DEFAULT_POLICY, id: "off", writeKey: "wk_off", enabled: false },
    { ...DEFAULT_POLICY, id: "slow", writeKey: "wk_slow", rateLimit: 2 },
    { ...DEFAULT_POLICY, id: "gif", writeKey: "wk_gif", reply: "gif" },
    { ...DEFAULT_POLICY, id: "text", writeKey: "wk_text", reply: "text" },
    { ...DEFAULT_POLICY, id: "latin", writeKey: "sch\u00fcssel \u9375" },
  ].map((source) => JSON.parse(JSON.stringify(source))),
  destinations: DESTINATIONS,
}).sources;

/** The write keys of the sources that differ in their policies alone. */
export const POLICY_KEYS: readonly string[] = POLICIES.map(({ writeKey }) => writeKey);

/** The write key of the first source that has these policies; those of the default where nothing is said. */
export function keyOf(policies: Partial<(typeof POLICIES)[number]> = {}): string {
  const wanted = { ...DEFAULT_POLICY, ...policies };
  const found = POLICIES.find(
    (policy) =>
      policy.anonymousId === wanted.anonymousId &&
      policy.ip === wanted.ip &&
      policy.privacySignals === wanted.privacySignals &&
      policy.bots === wanted.bots &&
      policy.dedupe === wanted.dedupe &&
      policy.destinations.join() === wanted.destinations?.join(),
  );
  if (found === undefined) throw new Error(`No source has ${JSON.stringify(policies)}`);
  return found.writeKey;
}
