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
const agents = new Map<string, Flag | null>();

/** Tells from the user agent alone: `mail-proxy`, `bot`, or null for everybody else. No user agent tells nothing. */
export function agentFlag(userAgent: string | null): Flag | null {
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

const NO_FLAGS: readonly Flag[] = [];

/** Everything that the headers say of a client, in a fixed order. `userAgent` is the `User-Agent` among them. */
export function readFlags(headers: Headers, userAgent: string | null): readonly Flag[] {
  const agent = agentFlag(userAgent);
  const purpose = headers.get("sec-purpose") ?? headers.get("purpose");
  const isPrefetch = purpose?.includes("prefetch") ?? false;
  const hasGpc = isGpc(headers);
  const hasDnt = isDnt(headers);
  if (agent === null && !isPrefetch && !hasGpc && !hasDnt) return NO_FLAGS;
  const flags: Flag[] = agent === null ? [] : [agent];
  if (isPrefetch) flags.push("prefetch");
  if (hasGpc) flags.push("gpc");
  if (hasDnt) flags.push("dnt");
  return flags;
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
