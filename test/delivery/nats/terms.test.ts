import { expect, test } from "bun:test";
import type { StreamInfo } from "@nats-io/jetstream";
import type { ReadyStream } from "../../../src/delivery/nats/stream.ts";
import { type StreamTerms, Terms } from "../../../src/delivery/nats/terms.ts";

const found = (domain: string | null, max_msg_size = -1, isNew = false): ReadyStream => ({
  ...{ is: "ready", isNew, domain, interest: null, changed: [], differences: [] },
  info: { config: { max_msg_size } } as StreamInfo,
});

function open() {
  const told: StreamTerms[] = [];
  return { told, terms: new Terms((next) => told.push(next)) };
}

test("Terms tells of the limit and the domain that a look has found, and of each once", () => {
  const { told, terms } = open();
  for (const look of [found(null), found("leaf"), found("leaf"), found("leaf", 10), found(null, 10)])
    terms.take(look);
  expect(told).toEqual([
    { maxMsgBytes: null, domain: "leaf" },
    { maxMsgBytes: 10, domain: "leaf" },
    { maxMsgBytes: 10, domain: null },
  ]);
});

test("Terms keeps the domain of a stream that is gone, and of one that was made again", () => {
  const { told, terms } = open();
  for (const look of [found("leaf", 10), null, found(null, -1, true)]) terms.take(look);
  expect(told).toEqual([
    { maxMsgBytes: 10, domain: "leaf" },
    { maxMsgBytes: null, domain: "leaf" },
  ]);
});

test("forget leaves nothing known", () => {
  const { told, terms } = open();
  terms.take(found("leaf", 10));
  terms.forget();
  terms.forget();
  expect(told.slice(1)).toEqual([{ maxMsgBytes: null, domain: null }]);
});
