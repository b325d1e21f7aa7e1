// Where somebody on this machine finds a port of ours, and whether anybody else does.
import { BlockList, isIP } from "node:net";

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addSubnet("::ffff:127.0.0.0", 104, "ipv6");
LOOPBACK.addAddress("::1", "ipv6");

/** Whether a port on this address is for this machine alone. */
export function isLoopback(host: string): boolean {
  const family = isIP(host);
  if (family === 0) return host === "localhost" || host.endsWith(".localhost");
  return LOOPBACK.check(host, family === 4 ? "ipv4" : "ipv6");
}

/** The URL of a port, without a path; a port on every address is found at 127.0.0.1. */
export function originOf(host: string, port: number): string {
  const name = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${port}`;
}
