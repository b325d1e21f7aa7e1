// The rules: docs/wire-contract.md, "The client address".
import { describe, expect, test } from "bun:test";
import type { BlockList } from "node:net";
import fc from "fast-check";
import { readConfig } from "../../src/config/environment.ts";
import { clientAddress, readAddress, truncateAddress } from "../../src/pixel/address.ts";

function trust(networks: string): BlockList | null {
  const config = readConfig({ TRUSTED_PROXIES: networks });
  if (Array.isArray(config)) throw new Error(config.join("\n"));
  return config.trustedProxies;
}

describe("readAddress", () => {
  const rows: readonly [rule: string, text: string, address: string | null][] = [
    ["reads IPv4", "192.0.2.1", "192.0.2.1"],
    ["reads IPv4 with a port", "192.0.2.1:4711", "192.0.2.1"],
    ["reads IPv6", "2001:db8::1", "2001:db8::1"],
    ["reads IPv6 in brackets", "[2001:db8::1]", "2001:db8::1"],
    ["reads IPv6 in brackets with a port", "[2001:db8::1]:4711", "2001:db8::1"],
    ["removes a zone", "fe80::1%eth0", "fe80::1"],
    ["reads IPv4 that is mapped into IPv6", "::ffff:192.0.2.1", "192.0.2.1"],
    ["reads a mapped address in upper case", "::FFFF:192.0.2.1", "192.0.2.1"],
    ["removes space around it", "  192.0.2.1\t", "192.0.2.1"],
    ["refuses nothing", "", null],
    ["refuses the word unknown", "unknown", null],
    ["refuses an obfuscated name", "_hidden", null],
    ["refuses a host name", "proxy.example", null],
    ["refuses IPv4 out of range", "256.1.1.1", null],
    ["refuses three parts", "10.0.1", null],
    ["refuses a bracket that never closes", "[::1", null],
    ["refuses empty brackets", "[]", null],
    ["refuses a bare port", ":8080", null],
  ];
  for (const [rule, text, address] of rows) {
    test(`readAddress ${rule}`, () => expect(readAddress(text)).toBe(address));
  }
});

describe("clientAddress", () => {
  const rows: readonly [
    rule: string,
    trusted: string,
    peer: string | null,
    forwarded: string | null,
    address: string | null,
  ][] = [
    ["is the peer where nobody is trusted", "", "192.0.2.1", "203.0.113.5", "192.0.2.1"],
    ["is null without a peer", "10.0.0.0/8", null, "203.0.113.5", null],
    ["is the peer where it is not trusted", "10.0.0.0/8", "192.0.2.1", "203.0.113.5", "192.0.2.1"],
    ["is the peer without the header", "10.0.0.0/8", "10.1.1.1", null, "10.1.1.1"],
    ["is the hop before a trusted peer", "10.0.0.0/8", "10.1.1.1", "203.0.113.5", "203.0.113.5"],
    [
      "walks a chain of trusted proxies",
      "10.0.0.0/8",
      "10.1.1.1",
      "203.0.113.5, 10.9.9.9, 10.2.2.2",
      "203.0.113.5",
    ],
    [
      "does not believe what stands left of an untrusted hop",
      "10.0.0.0/8",
      "10.1.1.1",
      "1.1.1.1, 203.0.113.5",
      "203.0.113.5",
    ],
    [
      "is the left-most hop where every hop is trusted",
      "10.0.0.0/8",
      "10.1.1.1",
      "10.3.3.3,10.2.2.2",
      "10.3.3.3",
    ],
    [
      "stops at a hop that is no address",
      "10.0.0.0/8",
      "10.1.1.1",
      "203.0.113.5, garbage, 10.2.2.2",
      "10.2.2.2",
    ],
    [
      "is the peer where the last hop is no address",
      "10.0.0.0/8",
      "10.1.1.1",
      "203.0.113.5, unknown",
      "10.1.1.1",
    ],
    ["is the peer where the header is empty", "10.0.0.0/8", "10.1.1.1", "", "10.1.1.1"],
    ["reads hops with ports", "10.0.0.0/8", "10.1.1.1", "203.0.113.5:55123, 10.2.2.2:80", "203.0.113.5"],
    ["reads IPv6 hops in brackets", "10.0.0.0/8", "10.1.1.1", "[2001:db8::9]:443", "2001:db8::9"],
    ["trusts IPv6 networks", "fd00::/8", "fd12::1", "2001:db8::9, fd00::2", "2001:db8::9"],
    ["does not trust IPv6 outside of a network", "fd00::/8", "2001:db8::9", "1.1.1.1", "2001:db8::9"],
    ["trusts a single address", "192.0.2.1", "192.0.2.1", "203.0.113.5", "203.0.113.5"],
    [
      "does not trust the neighbour of a single address",
      "192.0.2.1",
      "192.0.2.2",
      "203.0.113.5",
      "192.0.2.2",
    ],
    ["knows an IPv4 peer in IPv6 form", "10.0.0.0/8", "::ffff:10.1.1.1", "203.0.113.5", "203.0.113.5"],
    [
      "trusts several networks",
      "10.0.0.0/8, fd00::/8,192.0.2.1",
      "192.0.2.1",
      "8.8.8.8,fd00::1,10.0.0.1",
      "8.8.8.8",
    ],
    [
      "trusts everybody where asked to",
      "0.0.0.0/0,::/0",
      "192.0.2.1",
      "203.0.113.5, 198.51.100.7",
      "203.0.113.5",
    ],
  ];
  for (const [rule, trusted, peer, forwarded, address] of rows) {
    test(`clientAddress ${rule}`, () => expect(clientAddress(peer, forwarded, trust(trusted))).toBe(address));
  }

  test("clientAddress never throws and gives an address or null", () => {
    const trusted = trust("10.0.0.0/8,fd00::/8");
    const hop = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.string(),
      fc.constant("10.0.0.1"),
      fc.constant("[fd00::1]:1"),
    );
    const header = fc.array(hop).map((hops) => hops.join(","));
    fc.assert(
      fc.property(hop, header, (peer, forwarded) => {
        const address = clientAddress(peer, forwarded, trusted);
        expect(address === null || readAddress(address) === address).toBe(true);
      }),
    );
  });
});

describe("truncateAddress", () => {
  const rows: readonly [rule: string, text: string, network: string | null][] = [
    ["cuts IPv4 to /24", "203.0.113.77", "203.0.113.0"],
    ["cuts IPv6 to /48", "2001:db8:1:2:3:4:5:6", "2001:db8:1::"],
    ["cuts a short IPv6 address", "2001:db8::1", "2001:db8::"],
    ["cuts an address that ends in colons", "2001:db8:1::", "2001:db8:1::"],
    ["cuts an address that begins with colons", "::1", "::"],
    ["cuts a gap of one group", "1:2:3:4:5:6:7::", "1:2:3::"],
    ["removes leading zeros", "2001:0db8:0001::1", "2001:db8:1::"],
    ["cuts mapped IPv4 as IPv4", "::ffff:203.0.113.77", "203.0.113.0"],
    ["cuts IPv4 embedded in IPv6", "64:ff9b::203.0.113.77", "64:ff9b::"],
    ["removes a port", "203.0.113.77:80", "203.0.113.0"],
    ["refuses what is no address", "somewhere", null],
  ];
  for (const [rule, text, network] of rows) {
    test(`truncateAddress ${rule}`, () => expect(truncateAddress(text)).toBe(network));
  }

  test("truncateAddress leaves a network as it is, and leaves nothing of the host", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
        const network = truncateAddress(address);
        expect(network).not.toBeNull();
        expect(truncateAddress(network ?? "")).toBe(network);
        expect(network).toMatch(/^\d+\.\d+\.\d+\.0$|^(?:[0-9a-f]{1,4}:){0,3}:$|^::$/);
      }),
    );
  });
});
