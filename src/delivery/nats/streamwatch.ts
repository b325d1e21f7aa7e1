// Keeps the stream in sight while a connection lives: looks when told to, not too often, and says what it found.
import type { NatsConnection } from "nats";
import type { StreamConfig } from "../../config/environment.ts";
import type { Clock } from "../../runtime/clock.ts";
import { createRarely, type DeliveryLog } from "../log.ts";
import { covers, ensureStream, type StreamState } from "./stream.ts";

/** What is known of the stream. */
export interface StreamWatch {
  /** Whether the stream takes the subject as far as is known. */
  takes(subject: string): boolean;
  /** Begins anew on a connection, and looks at once. */
  begin(connection: NatsConnection): void;
  end(): void;
  /** Looks again soon. */
  recheck(): void;
}

/** Which stream to watch, and who hears of it. */
export interface StreamWatchOptions {
  readonly stream: StreamConfig;
  readonly log: DeliveryLog;
  readonly time: Clock;
  /** The stream is there, or came to be, or may not be administered: events may be published. */
  readonly onUsable: (isNews: boolean) => void;
  /** JetStream does not say whether it is there: publishing may be tried. */
  readonly onUnanswered: () => void;
  /** It cannot be created: nothing may be published. */
  readonly onBlocked: (reason: string) => void;
}

const RECHECK_MS = 1000;

/** Creates a watch that looks at nothing before `begin`. */
export function createStreamWatch(options: StreamWatchOptions): StreamWatch {
  const { stream, log, time, onUsable, onUnanswered, onBlocked } = options;
  const rarely = createRarely(10_000);
  let watched: NatsConnection | null = null;
  let is: StreamState["is"] | null = null;
  let subjects: readonly string[] = [];
  let checkedAt = Number.NEGATIVE_INFINITY;
  let stopTimer: (() => void) | null = null;

  function check(): void {
    stopTimer?.();
    stopTimer = null;
    const connection = watched;
    if (connection === null) return;
    checkedAt = time.now();
    void ensureStream(connection, stream).then((found) => {
      if (watched === connection) tell(found);
    });
  }

  function recheck(): void {
    if (stopTimer !== null || watched === null) return;
    stopTimer = time.after(Math.max(0, checkedAt + RECHECK_MS - time.now()), check);
  }

  function tell(found: StreamState): void {
    const previous = is;
    const { name } = stream;
    is = found.is;
    switch (found.is) {
      case "ready":
        subjects = found.subjects;
        if (found.isNew) log.info("created the stream", { stream: name });
        if (found.differences.length > 0) {
          const { differences } = found;
          rarely("differs", () =>
            log.warn("the stream exists with other settings", { stream: name, differences }),
          );
        }
        onUsable(previous !== "ready" || found.isNew);
        return;
      case "unmanaged":
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

  return {
    takes: (subject) => is !== "ready" || covers(subjects, subject),
    begin: (connection) => {
      watched = connection;
      is = null;
      check();
    },
    end: () => {
      watched = null;
      is = null;
      stopTimer?.();
      stopTimer = null;
    },
    recheck,
  };
}
