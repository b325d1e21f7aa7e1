// Who asks: the client's address behind proxies, and what its headers say about it.
import { type BlockList, isIP, isIPv4 } from "node:net";
import { isbot } from "isbot";
import type { Flag } from "./schema.ts";

/** Removes what is not the address itself: brackets, a port, a zone, the IPv4-mapped prefix. Null when none is left. */
export function readAddress(text: string): string | null {
  let address = text.trim();
  if (address.startsWith("[") && address.includes("]")) address = address.slice(1, address.indexOf("]"));
  else if (address.includes(".") && address.indexOf(":") === address.lastIndexOf(":")) {
    const port = address.indexOf(":");
    if (port > 0) address = address.slice(0, port);
  }
  const zone = address.indexOf("%");
  if (zone > 0) address = address.slice(0, zone);
  if (/^::ffff:/i.test(address) && isIPv4(address.slice(7))) return address.slice(7);
  return isIP(address) === 0 ? null : address;
}

function isTrusted(trusted: BlockList, address: string): boolean {
  return trusted.check(address, isIPv4(address) ? "ipv4" : "ipv6");
}

/**
 * The client's address: the socket's peer, or, when the peer is a trusted proxy, the right-most hop of
 * `X-Forwarded-For` that is not one. A hop that is no address ends the walk: what stands left of it was not checked.
 */
export function clientAddress(
  peer: string | null,
  forwardedFor: string | null,
  trusted: BlockList | null,
): string | null {
  let address = peer === null ? null : readAddress(peer);
  if (address === null || trusted === null || forwardedFor === null) return address;
  const hops = forwardedFor.split(",");
  while (isTrusted(trusted, address)) {
    const hop = hops.pop();
    const next = hop === undefined ? null : readAddress(hop);
    if (next === null) return address;
    address = next;
  }
  return address;
}

/** Cuts an address to its network: IPv4 to /24, IPv6 to /48. Null when the text is no address. */
export function truncateAddress(text: string): string | null {
  const address = readAddress(text);
  if (address === null) return null;
  if (isIPv4(address)) return `${address.slice(0, address.lastIndexOf("."))}.0`;
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const end = tail === "" ? [] : tail.split(":");
    const written = groups.length + end.length + (address.includes(".") ? 1 : 0);
    groups.push(...Array<string>(Math.max(0, 8 - written)).fill("0"), ...end);
  }
  const network = groups.slice(0, 3).map((group) => Number.parseInt(group, 16).toString(16));
  while (network.at(-1) === "0") network.pop();
  return `${network.join(":")}::`;
}

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

/** True for a visitor who sends `Sec-GPC: 1` (Global Privacy Control). */
export function isGpc(headers: Headers): boolean {
  return headers.get("sec-gpc") === "1";
}

/** True for a visitor who sends `DNT: 1` (Do Not Track). */
export function isDnt(headers: Headers): boolean {
  return headers.get("dnt") === "1";
}
