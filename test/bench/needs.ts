// What a rate of events needs, by calculation from what one event costs. Pure.

/** CPU time of one event, in microseconds. */
export interface CpuCosts {
  readonly gatewayUs: number;
  readonly natsUs: number;
}

/** What was measured of one event with one destination: into one stream of one nats-server, unless something else is said. */
export interface EventCosts extends CpuCosts {
  /** Where the destination has partitions, all of them on one server. */
  readonly partitioned: CpuCosts;
  /** CPU time of the three servers that keep three replicas, together. */
  readonly clusterUs: number;
  /** Over HTTP, to the gateway and back. */
  readonly requestBytes: number;
  readonly replyBytes: number;
  /** To the nats-server the gateway is connected to. */
  readonly publishBytes: number;
  /** On the disk of a stream's replica, and of the spool. */
  readonly streamBytes: number;
  readonly spoolBytes: number;
}

/** What is needed; cores are as many as leave each half idle, so that answers come in time. */
export interface Needs {
  readonly perSecond: number;
  readonly gatewayCores: number;
  readonly natsCores: number;
  readonly clusterCores: number;
  /** Streams, so that none has more to do than one core does in time, were all that it does done one after the other. */
  readonly streams: number;
  readonly httpInMbit: number;
  readonly httpOutMbit: number;
  readonly publishMbit: number;
  readonly diskMbPerSecond: number;
  readonly diskGbPerDay: number;
  /** For the ids of the duplicate window, in each replica's memory. */
  readonly windowMb: number;
  readonly spoolGbPerHour: number;
}

/** Of a core; the other half is for peaks, and for the wait to stay short. */
const BUSY = 0.5;
const WINDOW_S = 120;
/** An id in the window costs 180 to 280 bytes: docs/nats.md. */
const WINDOW_BYTES = 280;

/** What so many events a second need. */
export function needsOf(perSecond: number, costs: EventCosts): Needs {
  const cores = (us: number) => (perSecond * us) / 1e6 / BUSY;
  const mbit = (bytes: number) => (perSecond * bytes * 8) / 1e6;
  // More than one stream is partitions, which have costs of their own.
  const { gatewayUs, natsUs } = cores(costs.natsUs) > 1 ? costs.partitioned : costs;
  return {
    perSecond,
    gatewayCores: cores(gatewayUs),
    natsCores: cores(natsUs),
    clusterCores: cores(costs.clusterUs * (natsUs / costs.natsUs)),
    streams: Math.max(1, Math.ceil(cores(natsUs))),
    httpInMbit: mbit(costs.requestBytes),
    httpOutMbit: mbit(costs.replyBytes),
    publishMbit: mbit(costs.publishBytes),
    diskMbPerSecond: (perSecond * costs.streamBytes) / 1e6,
    diskGbPerDay: (perSecond * costs.streamBytes * 86_400) / 1e9,
    windowMb: (perSecond * WINDOW_S * WINDOW_BYTES) / 1e6,
    spoolGbPerHour: (perSecond * costs.spoolBytes * 3600) / 1e9,
  };
}

/** A need in few digits. */
export function digits(value: number): string {
  if (value >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString("en-US");
  return value.toFixed(value >= 0.1 ? 1 : 2);
}
