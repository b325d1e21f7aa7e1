// Holds plans to every row of the builder's tables: what a row gives to the builder, as a request.
import type { Sources } from "../../src/config/sources.ts";
import type { SourcePolicy } from "../../src/pixel/build.ts";
import type { RequestFacts } from "../../src/pixel/facts.ts";
import type { EventType } from "../../src/pixel/schema.ts";
import { requestFrom } from "./clients.ts";
import { resolved } from "./configuration.ts";
import { createTwins } from "./twins.ts";

const WRITE_KEY = "wk_of_a_row";
/** Sightings after which a shape that can have a plan has one. */
const SIGHTINGS = 4;

/** Headers from which a request's facts are read again. */
function headersOf(facts: Partial<RequestFacts>): Record<string, string> {
  const { userAgent, locale, referer, cookie, flags = [] } = facts;
  const agent = flags.includes("bot") ? "Googlebot/2.1" : flags.includes("mail-proxy") ? "Mozilla/5.0" : null;
  const headers: Record<string, string | null | undefined> = {
    "User-Agent": userAgent ?? agent,
    "Accept-Language": locale,
    Referer: referer,
    Cookie: cookie,
    Purpose: flags.includes("prefetch") ? "prefetch" : null,
    "Sec-GPC": flags.includes("gpc") ? "1" : null,
    DNT: flags.includes("dnt") ? "1" : null,
  };
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value == null ? [] : [[name, value]])),
  );
}

/** Decides a row's query again and again, its values other ones in between; throws where a plan differs from the reference. */
export function proveRow(
  type: EventType,
  query: string,
  policy: Partial<SourcePolicy>,
  facts: Partial<RequestFacts>,
): void {
  const [source] = resolved({
    sources: [{ id: "blog", destinations: ["warehouse"], writeKey: WRITE_KEY }],
    destinations: [{ id: "warehouse" }],
  }).sources.values();
  if (source === undefined) throw new Error("There is no source");
  const sources: Sources = new Map([[WRITE_KEY, { ...source, ...policy }]]);
  const twins = createTwins({ sources: () => sources });
  const client = { peer: facts.address ?? null, headers: headersOf(facts) };
  for (const whole of [`${query}&writeKey=${WRITE_KEY}`, `writeKey=${WRITE_KEY}&${query}`]) {
    for (let visit = 0; visit < SIGHTINGS; visit++) {
      twins.decide(requestFrom(client, `/pixel/v1/${type}?${whole}`, visit));
      twins.decide(
        requestFrom(client, `/pixel/v1/${type}?${whole.replace(/=(?!wk)[^&]*/g, `=v%20${visit}`)}`, visit),
      );
    }
  }
}
