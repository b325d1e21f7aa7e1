// Several workers on one port, as one gateway: passes on to them what they must know, adds up what they report.
import type { Configuration } from "../config/configuration.ts";
import type { Config } from "../config/environment.ts";
import type { Live, LiveViewer } from "../observe/live.ts";
import type { Log } from "../observe/log.ts";
import { renderMetrics } from "../observe/metrics.ts";
import { type Clock, systemClock } from "../runtime/clock.ts";
import { type Crew, createCrew, type WorkerReport } from "./crew.ts";
import type { GatewayView } from "./gateway.ts";
import { createQuestions } from "./questions.ts";
import { watchConfiguration } from "./reload.ts";
import { createReports } from "./reports.ts";
import { type StartWorker, startWorker } from "./workerprocess.ts";

/** How soon workers learn who watches the live feed. */
const WATCH_MS = 100;
/** What a worker gets beyond the times that it may take for itself to stop. */
const GRACE_MS = 1000;

/** Where workers, time and chance come from; a test has its own. */
export interface SupervisorParts {
  readonly start: StartWorker;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
}

/** Workers that are being started, and then run. */
export interface Supervisor extends Pick<Crew, "lost" | "endAtOnce"> {
  /** All of them together, once they listen. Throws a `StartError` when one cannot be started. */
  readonly opened: Promise<GatewayView>;
}

/** Starts the workers. */
export function supervise(
  config: Config,
  initial: Configuration,
  count: number,
  live: Pick<Live, "viewers" | "showBatch">,
  log: Log,
  { start, clock, random }: SupervisorParts = { start: startWorker, clock: systemClock, random: Math.random },
): Supervisor {
  const reports = createReports();
  let viewers: readonly LiveViewer[] = live.viewers;

  function hear(index: number, message: WorkerReport): void {
    questions.hear(index, message.kind === "snapshot" ? message.question : null);
    if (message.kind === "status") reports.takeStatus(index, message.status);
    else if (message.kind === "snapshot") reports.takeSnapshot(index, message.snapshot);
    else live.showBatch(message.batch);
  }

  const crew: Crew = createCrew({
    count,
    endMs: config.shutdownDelayMs + config.shutdownTimeoutMs + GRACE_MS,
    start,
    clock,
    random,
    log,
    hear,
    onUp(index) {
      if (viewers.length > 0) crew.tell(index, { kind: "watch", viewers });
    },
    onGone(index) {
      reports.retire(index);
      questions.forget(index);
    },
  });
  const questions = createQuestions(clock, crew.up, (index, question) =>
    crew.tell(index, { kind: "ask snapshot", question }),
  );

  async function open(): Promise<GatewayView> {
    const port = await crew.open(config.port);
    // Each worker reads the file for itself: here it is for the admin port alone.
    const watched = watchConfiguration(config, initial, log, () => {});
    process.on("SIGHUP", () => crew.signalAll("SIGHUP"));
    const stopWatching = clock.every(WATCH_MS, () => {
      if (live.viewers === viewers) return;
      viewers = live.viewers;
      for (const index of crew.up()) crew.tell(index, { kind: "watch", viewers });
    });
    return {
      port,
      configuration: watched.current,
      state: reports.state,
      processes: () => ({ wanted: count, running: crew.up().length, shedding: reports.shedding() }),
      metrics: {
        totals: reports.totals,
        async render() {
          await questions.ask();
          return renderMetrics(
            reports.snapshots(),
            Array.from(watched.current().sources.values(), ({ id }) => id),
          );
        },
      },
      async stop() {
        watched.stop();
        stopWatching();
        await crew.stop();
      },
    };
  }

  return { opened: open(), lost: crew.lost, endAtOnce: crew.endAtOnce };
}
