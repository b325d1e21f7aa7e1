// Keeps one stream in sight while a connection lives: looks when told to, and by itself every half minute, because
// settings, limits and consumers change under us. Says what it found.
import type { NatsConnection } from "nats";
import type { Layout, StreamSpec } from "../../config/layout.ts";
import type { Clock } from "../../runtime/clock.ts";
import { createRarely, type DeliveryLog } from "../log.ts";
import type { Finding } from "./inspect.ts";
import { covers } from "./pattern.ts";
import { ensureStream, type StreamState } from "./stream.ts";

/** What is known of a stream. */
export interface StreamWatch {
  /** Whether a message of the subject would be kept by this stream, as far as is known. */
  takes(subject: string): boolean;
  /** Begins anew on a connection, and looks at once. */
  begin(connection: NatsConnection): void;
  end(): void;
  /** Looks again soon. */
  recheck(): void;
  /** The stream shall be another one from now on, of the same name: looks at once. */
  change(spec: StreamSpec): void;
}

/** Which stream to watch, and who hears of it. Findings and limits are told before what follows from them. */
export interface StreamWatchOptions {
  readonly spec: StreamSpec;
  readonly layout: () => Layout;
  /** Bytes of the largest event there can be; null where that is not known. */
  readonly largestEventBytes: number | null;
  readonly log: DeliveryLog;
  readonly time: Clock;
  /** The stream is there, or came to be, or may not be administered: events may be published. News: it was not, or it
   * was another one, when last looked up. */
  readonly onUsable: (isNews: boolean) => void;
  /** JetStream does not say whether it is there: publishing may be tried. */
  readonly onUnanswered: () => void;
  /** It cannot be created, or has a fatal finding: nothing may be published. */
  readonly onBlocked: (reason: string) => void;
  /** All findings, when they are others than before. */
  readonly onFindings: (findings: readonly Finding[]) => void;
  /** The most bytes of a message, header and payload, that the stream takes, when that is another number than before;
   * null without a bound, or where it is not known. */
  readonly onLimits: (maxMsgBytes: number | null) => void;
}

const RECHECK_MS = 1000;
/** How often it looks without being told to. */
const LOOK_MS = 30_000;

/** Creates a watch that looks at nothing before `begin`. */
export function createStreamWatch(options: StreamWatchOptions): StreamWatch {
  const { log, time, onUsable, onUnanswered, onBlocked } = options;
  const rarely = createRarely(10_000, time);
  let { spec } = options;
  let watched: NatsConnection | null = null;
  let is: StreamState["is"] | null = null;
  let subjects: readonly string[] = [];
  let maxMsgBytes: number | null = null;
  /** Whether the configured settings are still to be applied: once, so that two gateways do not fight. */
  let isApplying = true;
  let isLooking = false;
  let isStale = false;
  let lookedMs = Number.NEGATIVE_INFINITY;
  let stopTimer: (() => void) | null = null;

  function look(): void {
    stopTimer?.();
    stopTimer = null;
    const connection = watched;
    if (connection === null) return;
    if (isLooking) {
      isStale = true;
      return;
    }
    isLooking = true;
    isStale = false;
    lookedMs = time.now();
    const asked = spec;
    void ensureStream(connection, { spec, layout: options.layout() }, isApplying).then((found) => {
      isLooking = false;
      if (isStale || watched !== connection || spec !== asked) return look();
      lookIn(LOOK_MS);
      tell(found);
    });
  }

  function lookIn(ms: number): void {
    stopTimer?.();
    stopTimer = time.after(Math.max(0, lookedMs + ms - time.now()), look);
  }

  function recheck(): void {
    if (watched !== null && !isLooking) lookIn(RECHECK_MS);
  }

  function tell(found: StreamState): void {
    const previous = is;
    const { name } = spec;
    is = found.is;
    switch (found.is) {
      case "ready": {
        isApplying = false;
        const { config } = found.info;
        subjects = config.subjects ?? [];
        tellLimits(config.max_msg_size > 0 ? config.max_msg_size : null);
        if (found.isNew) log.info("created the stream", { stream: name });
        if (found.changed.length > 0) {
          log.info("changed the stream", { stream: name, changed: found.changed.map(({ says }) => says) });
        }
        if (found.differences.length > 0) {
          const differences = found.differences.map(({ says, cure }) =>
            cure === null ? says : `${says}: ${cure}`,
          );
          rarely(`differs ${differences}`, () =>
            log.warn("the stream exists with other settings", { stream: name, differences }),
          );
        }
        onUsable(previous !== "ready" || found.isNew || found.changed.length > 0);
        return;
      }
      case "unmanaged":
        tellLimits(null);
        if (previous === "unmanaged") return;
        log.info("the stream is left alone", { stream: name, reason: found.reason });
        onUsable(true);
        return;
      case "unknown":
        rarely("unknown", () =>
          log.warn("Cannot look the stream up, events are spooled", { stream: name, reason: found.reason }),
        );
        onUnanswered();
        break;
      case "blocked":
        rarely("blocked", () =>
          log.error("Cannot create the stream, events are spooled", { stream: name, reason: found.reason }),
        );
        onBlocked(found.reason);
    }
    recheck();
  }

  function tellLimits(bytes: number | null): void {
    if (bytes === maxMsgBytes) return;
    maxMsgBytes = bytes;
    options.onLimits(bytes);
  }

  return {
    takes: (subject) => is !== "ready" || covers(subjects, subject),
    begin: (connection) => {
      watched = connection;
      is = null;
      look();
    },
    end: () => {
      watched = null;
      is = null;
      stopTimer?.();
      stopTimer = null;
    },
    recheck,
    change: (next) => {
      spec = next;
      isApplying = true;
      look();
    },
  };
}
