import { expect, test } from "bun:test";
import { learnServer, readServer, readServers, type Server } from "../../src/config/natsserver.ts";

const PLAIN = { port: 4222, isTls: false, tlsName: null, user: null, password: null };
const ROWS: readonly [text: string, server: Server][] = [
  ["nats://a:4223", { ...PLAIN, address: "a:4223", host: "a", port: 4223 }],
  ["a", { ...PLAIN, address: "a:4222", host: "a" }],
  ["tls://a", { ...PLAIN, address: "a:4222", host: "a", isTls: true }],
  ["nats://[::1]:4222", { ...PLAIN, address: "[::1]:4222", host: "::1" }],
  ["nats://me:p%40ss%25@a", { ...PLAIN, address: "a:4222", host: "a", user: "me", password: "p@ss%" }],
  ["nats://t0ken@a", { ...PLAIN, address: "a:4222", host: "a", user: "t0ken" }],
];
for (const [text, server] of ROWS) {
  test(`readServer reads ${text}`, () => expect(readServer(text)).toEqual(server));
}

test("readServer throws a URIError at a password that cannot be decoded, and does not quote it", () => {
  for (const text of ["nats://me:s3cret%zz@a", "nats://s3cret%ff:x@a"]) {
    expect(() => readServer(text)).toThrow(URIError);
    expect(() => readServer(text)).not.toThrow("s3cret");
  }
});

test("readServers gives the first URL's user and password to those that name nobody, and to no other", () => {
  const list = ["nats://me:first@a", "b", "tls://c", "nats://t0ken@d"];
  expect(readServers(list).map(({ host, user, password }) => [host, user, password])).toEqual([
    ["a", "me", "first"],
    ["b", "me", "first"],
    ["c", "me", "first"],
    ["d", "t0ken", null],
  ]);
  expect(readServers(["a", "nats://me:second@b"]).map(({ user }) => user)).toEqual([null, "me"]);
});

test("learnServer takes what got us in at the one that told, and its name where the address is a number", () => {
  const teller = readServer("tls://me:secret@nats.example:4223");
  const login = { isTls: true, user: "me", password: "secret" };
  expect(learnServer("10.0.0.2:4222", teller)).toMatchObject({ ...login, tlsName: "nats.example" });
  expect(learnServer("[fd00::2]:4222", teller)).toMatchObject({ ...login, tlsName: "nats.example" });
  expect(learnServer("n2.example:4222", teller)).toMatchObject({ ...login, tlsName: null });
  expect(learnServer("10.0.0.2:4222", readServer("tls://10.0.0.1"))).toMatchObject({ tlsName: null });
  const second = learnServer("10.0.0.2:4222", teller);
  expect(learnServer("10.0.0.3:4222", second)).toMatchObject({ ...login, tlsName: "nats.example" });
});
