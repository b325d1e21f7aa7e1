// The client's address: read as proxies write it, found behind those that are trusted, cut to its network.
import { type BlockList, isIP, isIPv4 } from "node:net";

/** The addresses and networks whose `X-Forwarded-For` counts. */
export type TrustedProxies = BlockList;

/** Removes what is not the address itself: brackets, a port, a zone, the IPv4-mapped prefix. Null when none is left. */
export function readAddress(text: string): string | null {
  // Most peers are written so already; what follows takes twice as long.
  if (isIPv4(text)) return text;
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

function isTrusted(trusted: TrustedProxies, address: string): boolean {
  return trusted.check(address, isIPv4(address) ? "ipv4" : "ipv6");
}

/**
 * The client's address: the socket's peer, or, when the peer is a trusted proxy, the right-most hop of
 * `X-Forwarded-For` that is not one. A hop that is no address ends the walk: what stands left of it was not checked.
 */
export function clientAddress(
  peer: string | null,
  forwardedFor: string | null,
  trusted: TrustedProxies | null,
): string | null {
  let address = peer === null ? null : readAddress(peer);
  if (address === null || trusted === null || forwardedFor === null) return address;
  // From the right, hop by hop: whoever sends 100,000 of them has no more than the trusted ones read.
  let end = forwardedFor.length;
  while (end >= 0 && isTrusted(trusted, address)) {
    const comma = end === 0 ? -1 : forwardedFor.lastIndexOf(",", end - 1);
    const next = readAddress(forwardedFor.slice(comma + 1, end));
    if (next === null) return address;
    address = next;
    end = comma;
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
