// A watch for each stream of the layout: tells the streams' gates what look-ups say, and keeps their findings.
import { isDeepStrictEqual } from "node:util";
import type { NatsConnection } from "nats";
import type { Layout, StreamSpec } from "../../config/layout.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Finding } from "../finding.ts";
import type { DeliveryLog } from "../log.ts";
import { expectDomain } from "./expected.ts";
import type { Gates } from "./gates.ts";
import { jetStreamOptions, type NatsOptions } from "./servers.ts";
import { createStreamWatch, type StreamWatch } from "./streamwatch.ts";

/** Whose streams, and who hears of it. */
export interface WatchesOptions {
  readonly layout: Layout;
  readonly nats: NatsOptions;
  /** Bytes of the largest event there can be; null where that is not known. */
  readonly largestEventBytes?: number | null;
  /** Bytes of the largest message that the server takes; null where that is not known. */
  readonly maxPayload: () => number | null;
  readonly gates: Gates;
  readonly log: DeliveryLog;
  readonly time: Clock;
  /** Called when JetStream has answered a look-up. */
  readonly onAnswered: () => void;
}

/** The watches of all streams. */
export interface Watches {
  /** Watches the streams of another layout from now on. */
  use(layout: Layout): void;
  /** Begins anew on a connection: nothing goes to a stream before it is looked up. */
  begin(connection: NatsConnection): void;
  end(): void;
  /** Whether the stream takes the subject, as far as is known. */
  takes(stream: string, subject: string): boolean;
  /** Whether a message of the subject would be acked and not be kept. */
  loses(stream: string, subject: string): boolean;
  /** A message for the stream went to another one, or to none: looks at it again soon. */
  missed(stream: string, subject: string): void;
  /** Looks at a stream again soon, or at all of them. */
  recheck(stream?: string): void;
  findings(): Finding[];
}

interface Watched {
  spec: StreamSpec;
  readonly watch: StreamWatch;
  findings: readonly Finding[];
}

const NOT_LOOKED_UP = "the stream is not looked up yet";

/** Creates the watches; they look at nothing before `begin`. */
export function createWatches(options: WatchesOptions): Watches {
  const { gates, log, time, onAnswered } = options;
  const streams = new Map<string, Watched>();
  let { layout } = options;
  let connection: NatsConnection | null = null;
  use(layout);

  function use(next: Layout): void {
    layout = next;
    for (const [name, { watch }] of streams) {
      if (layout.streams.has(name)) continue;
      watch.end();
      streams.delete(name);
    }
    // The default stream first: it may have to give up what another is to take.
    for (const spec of layout.streams.values()) {
      const known = streams.get(spec.name);
      if (known === undefined) add(spec);
      else if (!isDeepStrictEqual(known.spec, spec)) {
        known.spec = spec;
        known.watch.change(spec);
      }
    }
  }

  function add(spec: StreamSpec): void {
    const gate = gates.stream(spec.name);
    const watch = createStreamWatch({
      spec,
      layout: () => layout,
      jetStream: jetStreamOptions(options.nats),
      largestEventBytes: options.largestEventBytes ?? null,
      maxPayload: options.maxPayload,
      log,
      time,
      onUsable: (isNews) => {
        onAnswered();
        if (isNews || gate.gate.phase === "barred") gates.tell(gate, { is: "usable" });
        // It may take now what it did not take of one of them.
        if (isNews) gates.tellAll("destination", { is: "news" });
      },
      onUnanswered: () => gates.tell(gate, { is: "unknown", reason: "JetStream does not answer" }),
      onBlocked: (reason) => {
        onAnswered();
        gates.tell(gate, { is: "barred", reason });
      },
      onFindings: (findings) => {
        watched.findings = findings;
      },
      onTerms: ({ maxMsgBytes, domain }) => {
        gate.maxMessageBytes = maxMsgBytes;
        expectDomain(gate, domain);
      },
    });
    const watched: Watched = { spec, watch, findings: [] };
    streams.set(spec.name, watched);
    if (connection !== null) begin(watched, connection);
  }

  function begin({ spec, watch }: Watched, fresh: NatsConnection): void {
    gates.tell(gates.stream(spec.name), { is: "barred", reason: NOT_LOOKED_UP });
    watch.begin(fresh);
  }

  return {
    use,
    begin: (fresh) => {
      connection = fresh;
      for (const watched of streams.values()) begin(watched, fresh);
    },
    end: () => {
      connection = null;
      for (const { watch } of streams.values()) watch.end();
    },
    loses: (stream, subject) => streams.get(stream)?.watch.loses(subject) ?? false,
    takes: (stream, subject) => streams.get(stream)?.watch.takes(subject) ?? true,
    missed: (stream, subject) => streams.get(stream)?.watch.missed(subject),
    recheck: (stream) => {
      if (stream !== undefined) streams.get(stream)?.watch.recheck();
      else for (const { watch } of streams.values()) watch.recheck();
    },
    findings: () => [...streams.values()].flatMap(({ findings }) => findings),
  };
}
