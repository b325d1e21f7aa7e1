// Keeps the stream in sight while a connection lives: looks when told to, not too often, and says what it found.
import type { NatsConnection } from "nats";
import type { StreamConfig } from "../../config/environment.ts";
import { createRarely, type DeliveryLog } from "../log.ts";
import { covers, ensureStream, type StreamState } from "./stream.ts";

/** What is known of the stream. */
export interface StreamWatch {
  /** What the stream was when last looked at; null before that. */
  readonly is: StreamState["is"] | null;
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
  /** The stream is there, or came to be, or cannot be asked about: events may be published. */
  readonly onUsable: (isNews: boolean) => void;
  /** It cannot be created: nothing may be published. */
  readonly onBlocked: (reason: string) => void;
}

const RECHECK_MS = 1000;

/** Creates a watch that looks at nothing before `begin`. */
export function createStreamWatch({ stream, log, onUsable, onBlocked }: StreamWatchOptions): StreamWatch {
  const rarely = createRarely(10_000);
  let watched: NatsConnection | null = null;
  let is: StreamState["is"] | null = null;
  let subjects: readonly string[] = [];
  let checkedAt = Number.NEGATIVE_INFINITY;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function check(): void {
    clearTimeout(timer);
    timer = undefined;
    const connection = watched;
    if (connection === null) return;
    checkedAt = performance.now();
    void ensureStream(connection, stream).then((found) => {
      if (watched === connection) tell(found);
    });
  }

  function recheck(): void {
    if (timer !== undefined || watched === null) return;
    timer = setTimeout(check, Math.max(0, checkedAt + RECHECK_MS - performance.now()));
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
    get is() {
      return is;
    },
    takes: (subject) => is !== "ready" || covers(subjects, subject),
    begin: (connection) => {
      watched = connection;
      is = null;
      check();
    },
    end: () => {
      watched = null;
      is = null;
      clearTimeout(timer);
      timer = undefined;
    },
    recheck,
  };
}
