import { expect, test } from "bun:test";
import { SETTINGS } from "../../src/config/settings.ts";
import { Fault } from "../../src/config/units.ts";

const FAULTS: readonly [name: keyof typeof SETTINGS, text: string, fault: string][] = [
  ["PORT", "80a", "is not an integer from 0 to 65535"],
  ["PORT", "65536", "is not an integer from 0 to 65535"],
  ["PORT", "-1", "is not an integer from 0 to 65535"],
  ["PORT", "1e3", "is not an integer from 0 to 65535"],
  ["PORT", "80.5", "is not an integer from 0 to 65535"],
  ["HOST", "a b", "is not an address or a host name"],
  ["ADMIN_HOST", "http://127.0.0.1", "is not an address or a host name"],
  ...["gateway:9090", "http://gateway", "*", "a..b", "gateway,,b", "a!b"].map(
    (text): (typeof FAULTS)[number] => [
      "ADMIN_ALLOWED_HOSTS",
      text,
      "is not a list of host names without ports such as gateway,pixelgate.example.com",
    ],
  ),
  ["ADMIN_TOKEN", "two words", "is not a token of ASCII letters, digits and signs without a space"],
  ["ADMIN_TOKEN", "schl\u00fcssel", "is not a token of ASCII letters, digits and signs without a space"],
  ["ADMIN_PORT", "x", "is not an integer from 0 to 65535"],
  ["PIXELGATE_SPOOL_MAX_BYTES", "lots", "is not a size such as 1GiB, 64MiB or 1048576"],
  ["PIXELGATE_SPOOL_MAX_BYTES", "1", "is less than 1048576 bytes"],
  ["PIXELGATE_SPOOL_DESTINATION_SHARE", "0%", "is not a share such as 50% or 0.5, over 0 and up to 100%"],
  ["PIXELGATE_STREAM_MAX_BYTES", "all", "is not a size such as 1GiB, 64MiB or 1048576"],
  ["PIXELGATE_STREAM_MAX_AGE", "72", "is not a duration such as 72h, 30m or 45s"],
  ["PIXELGATE_STREAM_MAX_AGE", "1.5h", "is not a duration such as 72h, 30m or 45s"],
  ["PIXELGATE_STREAM_REPLICAS", "6", "is not an integer from 1 to 5"],
  ["PIXELGATE_STREAM", "A.B", "is not made of letters, digits, - and _"],
  ["PIXELGATE_SUBJECT_PREFIX", "pixel.>", "is not made of letters, digits, - and _, not beginning with _"],
  ["PIXELGATE_SUBJECT_PREFIX", "_pixel", "is not made of letters, digits, - and _, not beginning with _"],
  ["PIXELGATE_SUBJECT_PREFIX", "a..b", "is not made of letters, digits, - and _, not beginning with _"],
  ["PIXELGATE_MAX_URL_BYTES", "65537", "is not an integer from 256 to 65536"],
  ["PIXELGATE_WORKERS", "0", "is not an integer from 1 to 256"],
  ["NATS_TLS_FIRST", "yes", "is not true or false"],
  ["NATS_JETSTREAM_DOMAIN", "hub.eu", "is not made of letters, digits, - and _"],
  ["NATS_JETSTREAM_DOMAIN", ">", "is not made of letters, digits, - and _"],
  ["LOG_LEVEL", "loud", "is not one of debug, info, warn, error, silent"],
  ["LOG_LEVEL", "information", "is not one of debug, info, warn, error, silent"],
  ["SHUTDOWN_TIMEOUT_MS", "10s", "is not an integer from 0 to 600000"],
  ...[
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0.0/8/9",
    "300.0.0.1",
    "proxy.example",
    "10.0.0.1,",
    "fd00::/129",
    "10.0.0.0/-1",
  ].map((text): (typeof FAULTS)[number] => [
    "TRUSTED_PROXIES",
    text,
    "is not a list of addresses or networks such as 10.0.0.0/8,fd00::/8",
  ]),
  ...["http://a:4222", "nats://", "nats://a:4222,,nats://b"].map((text): (typeof FAULTS)[number] => [
    "NATS_URL",
    text,
    "is not a list of servers such as nats://localhost:4222,nats://other:4222",
  ]),
];
for (const [name, text, fault] of FAULTS) {
  test(`SETTINGS refuse ${name}=${text}`, () =>
    expect(() => SETTINGS[name].read(text)).toThrow(new Fault(fault)));
}

test("SETTINGS refuse files that are not there", () => {
  for (const name of ["NATS_CREDS", "NATS_NKEY", "NATS_TLS_CA", "NATS_TLS_CERT", "NATS_TLS_KEY"] as const) {
    expect(() => SETTINGS[name].read("/nowhere/file")).toThrow(new Fault("does not exist"));
  }
});

test("SETTINGS say for every name what it is for", () => {
  for (const [name, { help }] of Object.entries(SETTINGS)) expect(help, name).toMatch(/\S/);
});
