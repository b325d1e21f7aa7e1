// Brings the readable events of a quarantined file back to the spool, a batch at a time, and says how many they were.
import type { Clock } from "../../runtime/clock.ts";
import type { DeliveryLog } from "../log.ts";
import type { SpooledEvent } from "./file.ts";
import type { Quarantined } from "./quarantine.ts";

/** Where salvaged events go. */
export interface SalvageSink {
  readonly log: DeliveryLog;
  readonly time: Clock;
  isOver(): boolean;
  /** True while a batch would be too much. */
  isBusy(): boolean;
  keep(event: SpooledEvent, done: (isSafe: boolean) => void): void;
}

const PAUSE_MS = 5;
const BUSY_PAUSE_MS = 1000;

/** Hands what can be read to the sink, a batch at a time, and says at the end how much that was. */
export function bringBack(quarantined: Quarantined, sink: SalvageSink): void {
  let saved = 0;
  let isLost = false;
  const next = () => {
    if (sink.isOver()) {
      quarantined.close();
      return;
    }
    const isBusy = sink.isBusy();
    const batch = isBusy ? [] : quarantined.read();
    if (batch === null) {
      const fields = { events: saved, file: quarantined.path };
      if (isLost) sink.log.error("Cannot bring every salvaged event back: the spool refused some", fields);
      else sink.log.warn("the readable events of the damaged spool are back", fields);
      return;
    }
    for (const event of batch) {
      sink.keep(event, (isSafe) => {
        if (isSafe) saved++;
        else isLost = true;
      });
    }
    sink.time.after(isBusy ? BUSY_PAUSE_MS : PAUSE_MS, next);
  };
  sink.time.after(PAUSE_MS, next);
}
