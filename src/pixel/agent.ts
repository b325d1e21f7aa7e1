// Who asks, by the request's own headers: bots, mail readers, prefetches, and visitors who ask for privacy.
import { isbot } from "isbot";
import type { Flag } from "./schema.ts";

// Apple's privacy proxy names itself nothing but `Mozilla/5.0`.
const MAIL_PROXY = /GoogleImageProxy|YahooMailProxy|^Mozilla\/5\.0$/;
const MAIL_CLIENT = /ms-office|MSOffice|Outlook|Thunderbird|AppleMail|Airmail|Lotus-Notes|Postbox|The Bat!/i;

/** True for a program that shows mail, or for the image proxy of a mail provider. */
export function isMailReader(userAgent: string): boolean {
  return MAIL_PROXY.test(userAgent) || MAIL_CLIENT.test(userAgent);
}

// Telling a bot costs 1 to 3 µs, and a few hundred user agents send nearly all traffic.
const KNOWN_AGENTS = 2048;
const agents = new Map<string, AgentFlag | null>();

/** What a user agent alone tells. */
export type AgentFlag = Extract<Flag, "bot" | "mail-proxy">;

/** Tells from the user agent alone: `mail-proxy`, `bot`, or null for everybody else. No user agent tells nothing. */
export function agentFlag(userAgent: string | null): AgentFlag | null {
  if (userAgent === null || userAgent === "") return null;
  const known = agents.get(userAgent);
  if (known !== undefined) return known;
  const flag = MAIL_PROXY.test(userAgent)
    ? "mail-proxy"
    : !MAIL_CLIENT.test(userAgent) && isbot(userAgent)
      ? "bot"
      : null;
  if (agents.size >= KNOWN_AGENTS) agents.clear();
  if (userAgent.length <= 512) agents.set(userAgent, flag);
  return flag;
}

// The bits of what other headers tell.
const PREFETCH = 1;
const GPC = 2;
const DNT = 4;
const FLAG_SETS = { nobody: flagSets([]), bot: flagSets(["bot"]), "mail-proxy": flagSets(["mail-proxy"]) };

/** The flags by their bits. Each set is made once, so that the same flags are the same object for every request. */
function flagSets(agent: readonly AgentFlag[]): readonly (readonly Flag[])[] {
  const others = [
    [PREFETCH, "prefetch"],
    [GPC, "gpc"],
    [DNT, "dnt"],
  ] as const;
  return Array.from({ length: 8 }, (_, signals) => [
    ...agent,
    ...others.flatMap(([bit, flag]) => ((signals & bit) === 0 ? [] : [flag])),
  ]);
}

/** Everything that the headers say of a client, in a fixed order; the same flags are always the same object. `userAgent` is the `User-Agent` among them. */
export function readFlags(headers: Headers, userAgent: string | null): readonly Flag[] {
  const agent = agentFlag(userAgent);
  const purpose = headers.get("sec-purpose") ?? headers.get("purpose");
  const isPrefetch = purpose?.includes("prefetch") ?? false;
  const signals = (isPrefetch ? PREFETCH : 0) | (isGpc(headers) ? GPC : 0) | (isDnt(headers) ? DNT : 0);
  return FLAG_SETS[agent ?? "nobody"][signals] ?? [];
}

/** True for a visitor who asks for privacy, by `Sec-GPC: 1` (Global Privacy Control) or `DNT: 1` (Do Not Track). */
export function asksForPrivacy(headers: Headers): boolean {
  return isGpc(headers) || isDnt(headers);
}

function isGpc(headers: Headers): boolean {
  return headers.get("sec-gpc") === "1";
}

function isDnt(headers: Headers): boolean {
  return headers.get("dnt") === "1";
}
