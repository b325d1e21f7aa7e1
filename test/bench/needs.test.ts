import { expect, test } from "bun:test";
import { digits, needsOf } from "./needs.ts";

const COSTS = {
  gatewayUs: 25,
  natsUs: 20,
  partitioned: { gatewayUs: 30, natsUs: 30 },
  clusterUs: 60,
  requestBytes: 1500,
  replyBytes: 250,
  publishBytes: 1250,
  streamBytes: 1000,
  spoolBytes: 2000,
};

test("needsOf leaves half of each core idle, and gives each of many streams a core at its own price", () => {
  expect(needsOf(1_000_000, COSTS)).toEqual({
    perSecond: 1_000_000,
    gatewayCores: 60,
    natsCores: 60,
    clusterCores: 180,
    streams: 60,
    httpInMbit: 12_000,
    httpOutMbit: 2000,
    publishMbit: 10_000,
    diskMbPerSecond: 1000,
    diskGbPerDay: 86_400,
    windowMb: 33_600,
    spoolGbPerHour: 7200,
  });
});

test("needsOf has one stream while one core does, at the price of one", () => {
  const { gatewayCores, natsCores, clusterCores, streams } = needsOf(25_000, COSTS);
  expect({ gatewayCores, natsCores, clusterCores, streams }).toEqual({
    gatewayCores: 1.25,
    natsCores: 1,
    clusterCores: 3,
    streams: 1,
  });
});

test("digits keeps what a reader can use", () => {
  expect([0.0123, 0.25, 4.66, 42.41, 1234.5, 7].map(digits)).toEqual([
    "0.01",
    "0.3",
    "4.7",
    "42.4",
    "1,235",
    "7",
  ]);
});
