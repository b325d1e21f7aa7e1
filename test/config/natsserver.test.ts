import { expect, test } from "bun:test";
import { readServer, type Server } from "../../src/config/natsserver.ts";

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
