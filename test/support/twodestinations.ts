// A publisher to two destinations that have a stream each, so that tests break one and look at the other. Its clock stands
// still unless a test turns it: what is published while it stands has not waited.
import { createPublisher, type Publisher, type PublisherOptions } from "../../src/delivery/nats/publisher.ts";
import type { Verdict } from "../../src/delivery/nats/window.ts";
import type { Outgoing } from "../../src/delivery/outgoing.ts";
import { createHandClock, type HandClock } from "./clock.ts";
import { resolved } from "./configuration.ts";
import { afterTest, event, type RecordedLog, recordLog, STREAM } from "./parts.ts";
import { until } from "./until.ts";

/** `warehouse` in WAREHOUSE, `alerts` in ALERTS. */
export const { layout: TWO } = resolved(
  {
    sources: [{ id: "blog", writeKey: "wk_blog", destinations: [] }],
    destinations: [
      { id: "warehouse", stream: "WAREHOUSE" },
      { id: "alerts", stream: "ALERTS" },
    ],
  },
  STREAM,
);

export const WAREHOUSE = {
  destinationId: "warehouse",
  subject: "pixel.warehouse.page",
  stream: "WAREHOUSE",
};
export const ALERTS = { destinationId: "alerts", subject: "pixel.alerts.page", stream: "ALERTS" };
type TestRoute = typeof WAREHOUSE;

export interface Two extends Publisher {
  readonly time: HandClock;
  readonly log: RecordedLog;
  /** Publishes the first copy of an event and resolves with its verdict and the reason. */
  sendEvent(outgoing: Outgoing, deadlineMs?: number): Promise<readonly [Verdict, string]>;
  /** The same for an event of a destination. */
  send(route: TestRoute, id: string, deadlineMs?: number): Promise<readonly [Verdict, string]>;
  /** How often it has connected. */
  connections(): number;
}

/** Opens one; closed after the test. */
export function openTwo(url: string, options: Partial<PublisherOptions> = {}): Two {
  const time = createHandClock();
  const log = recordLog();
  const publisher = createPublisher({
    nats: { servers: [url] },
    layout: TWO,
    log,
    time,
    random: () => 1,
    onState: () => {},
    onNews: () => {},
    onAck: undefined,
    ...options,
  });
  afterTest(() => publisher.close());
  const sendEvent: Two["sendEvent"] = (outgoing, deadlineMs = 2000) =>
    new Promise((resolve) => {
      const onVerdict = (_route: number, verdict: Verdict, reason: string) => resolve([verdict, reason]);
      publisher.publish({ outgoing, onVerdict }, 0, deadlineMs);
    });
  return Object.assign(Object.create(publisher) as Publisher, {
    time,
    log,
    sendEvent,
    send: (route: TestRoute, id: string, deadlineMs?: number) =>
      sendEvent(event(id, { routes: [route] }), deadlineMs),
    connections: () => log.lines.filter((line) => line.startsWith("NATS connected")).length,
  });
}

/** Resolves when both gates of both destinations are open. */
export function untilOpen(two: Two): Promise<void> {
  return until(
    "both destinations are open",
    () =>
      two.destinations().every(({ state }) => state === "open") && two.takes(ALERTS) && two.takes(WAREHOUSE),
  );
}
