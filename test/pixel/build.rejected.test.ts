// The rules: docs/wire-contract.md, "Fields" and "Reasons".
import { expect, test } from "bun:test";
import { Rejection } from "../../src/pixel/rejection.ts";
import type { EventType } from "../../src/pixel/schema.ts";
import { build, type Given } from "../support/events.ts";

const rows: readonly [string, EventType, string, string, Given?][] = [
  ["a track without event", "track", "", "track: Mandatory field 'event' missing"],
  ["a track with an empty event", "track", "event=", "track: Mandatory field 'event' missing"],
  [
    "a request without ids where the source says so",
    "page",
    "",
    "request neither has anonymousId nor userId",
    { source: { anonymousId: "reject" } },
  ],
  [
    "a request with blank ids where the source says so",
    "page",
    "anonymousId=%22%22&userId=+",
    "request neither has anonymousId nor userId",
    { source: { anonymousId: "reject" } },
  ],
  ["context as a scalar", "page", "context=x", "context must be an object"],
  ["context as a list", "page", "context.0=x", "context must be an object"],
  ["properties of a page as a scalar", "page", "properties=x", "properties must be an object"],
  ["properties of a track as a scalar", "track", "event=e&properties=x", "properties must be an object"],
  ["properties as a list", "track", "event=e&properties.0=x", "properties must be an object"],
  ["context.page of a page as a scalar", "page", "context.page=x", "context.page must be an object"],
  [
    "context.page of a track as a list",
    "track",
    "event=e&context.page.0=x",
    "context.page must be an object",
  ],
  ...["library", "screen", "traits", "campaign", "app", "device", "network", "os"].map(
    (name): [string, EventType, string, string] => [
      `context.${name} as a scalar`,
      "page",
      `context.${name}=x`,
      `context.${name} must be an object`,
    ],
  ),
  ...["anonymousId", "userId", "messageId", "name", "channel"].map(
    (name): [string, EventType, string, string] => [
      `${name} as an object`,
      "page",
      `${name}.a=x`,
      `${name} must be a string`,
    ],
  ),
  ["event as an object", "track", "event.a=x", "event must be a string"],
  ["properties.url as an object", "page", "properties.url.a=x", "properties.url must be a string"],
  ["context.page.url as an object", "page", "context.page.url.a=x", "context.page.url must be a string"],
  ["anonymousId as a list", "page", "anonymousId.0=x", "anonymousId must be a string"],
  ["context.ip as an object", "page", "context.ip.a=x", "context.ip must be a string"],
  [
    "context.ip as an object where it is cut",
    "page",
    "context.ip.a=x",
    "context.ip must be a string",
    { source: { ip: "truncate" } },
  ],
  ["context.userAgent as an object", "page", "context.userAgent.a=x", "context.userAgent must be a string"],
  ["context.locale as an object", "page", "context.locale.a=x", "context.locale must be a string"],
  [
    "context.library.name as an object",
    "page",
    "context.library.name.a=x",
    "context.library.name must be a string",
  ],
  [
    "context.page.url as an object",
    "track",
    "event=e&context.page.url.a=x",
    "context.page.url must be a string",
  ],
  [
    "context.screen.width as a list",
    "page",
    "context.screen.width.0=1",
    "context.screen.width must be a string",
  ],
];
for (const [rule, type, query, reason, given] of rows) {
  test(`buildEvent rejects ${rule}`, () => {
    const result = build(type, query, given);
    expect(result).toEqual(new Rejection(400, reason));
  });
}
