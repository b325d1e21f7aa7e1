// What the log says of a stream that was looked up: what was done, what differs, what is wrong. What lasts is said once;
// that nothing can be published every ten seconds.
import type { Clock } from "../../runtime/clock.ts";
import type { Finding } from "../finding.ts";
import { createRarely, type DeliveryLog } from "../log.ts";
import type { StreamState } from "./stream.ts";
import { showDifference } from "./wanted.ts";

/** Writes of one stream. */
export interface StreamLog {
  looked(stream: string, found: StreamState): void;
  /** What is found now, and what was found before. */
  found(findings: readonly Finding[], before: readonly Finding[]): void;
}

const INTERVAL_MS = 10_000;

/** Creates the writer of one stream. */
export function createStreamLog(log: DeliveryLog, time: Clock): StreamLog {
  const rarely = createRarely(INTERVAL_MS, time);
  /** What was said of its lasting state: it is looked at again and again. */
  let said = "";

  function once(what: string, write: () => void): void {
    if (what !== said) write();
    said = what;
  }

  return {
    looked: (stream, found) => {
      switch (found.is) {
        case "ready": {
          if (found.isNew) log.info("created the stream", { stream });
          const changed = found.changed.map(({ says }) => says);
          if (changed.length > 0) log.info("changed the stream", { stream, changed });
          const differences = found.differences.map(showDifference);
          once(differences.join(), () => {
            if (differences.length > 0)
              log.warn("the stream exists with other settings", { stream, differences });
          });
          return;
        }
        case "unmanaged": {
          const { reason } = found;
          once(reason, () => log.info("the stream is left alone", { stream, reason }));
          return;
        }
        case "unknown":
        case "blocked": {
          const { is, reason } = found;
          rarely(is, () => {
            if (is === "unknown")
              log.warn("Cannot look the stream up, events are spooled", { stream, reason });
            else log.error("Cannot create the stream, events are spooled", { stream, reason });
          });
        }
      }
    },
    found: (findings, before) => {
      const known = new Set(before.map(({ says }) => says));
      for (const { stream, severity, says, cure } of findings) {
        if (known.has(says)) continue;
        if (severity === "fault") log.error("the stream has a fault", { stream, says, cure });
        else log.warn("the stream is unusual", { stream, says, cure });
      }
    },
  };
}
