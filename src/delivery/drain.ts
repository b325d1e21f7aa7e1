// Brings every event of a data directory's spools to the stream and ends: for the spools of a machine that is gone. Takes no
// event and opens no port; the folder is this process's own while it runs.
import type { Layout } from "../config/layout.ts";
import type { Clock } from "../runtime/clock.ts";
import { countQuarantined } from "./destinations.ts";
import type { DeliveryLog } from "./log.ts";
import { createPublisher } from "./nats/publisher.ts";
import type { NatsOptions } from "./nats/servers.ts";
import { createRelay } from "./relay.ts";
import { openSpool, type Spool } from "./spool/spool.ts";

/** From where to where, and who hears of it. */
export interface DrainOptions {
  /** A folder that this process has taken. */
  readonly dataDir: string;
  /** The spools in it, by the names of their files. */
  readonly names: readonly string[];
  readonly maxBytes: number;
  readonly nats: NatsOptions;
  readonly layout: Layout;
  readonly log: DeliveryLog;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  readonly time: Clock;
}

/** `stuck`: nothing got through for half a minute. */
export type DrainEnd = "done" | "stuck" | "stopped";

/** The spools of a folder on their way to the stream. */
export interface Drain {
  /** Events that are stored and gone from their spools, or about to be. */
  readonly relayed: number;
  /** Events that are still in the spools, and rows of damaged files that are to come back to them. */
  readonly left: number;
  /** Rows that are no events any more, and stay in the spools. */
  readonly damagedRows: number;
  /** Copies that their stream will never take, and that stay in the spools' quarantine. */
  readonly quarantined: number;
  /** Resolves when all is put away again. */
  readonly ended: Promise<DrainEnd>;
  /** Sends nothing more; what is sent already is waited for, for a moment. */
  stop(): void;
}

const LOOK_MS = 50;
/** Longer than a relay pauses, and than NATS needs for a new leader. */
const STUCK_MS = 30_000;
/** How long messages in flight may take when it ends before all is done. */
const GOODBYE_MS = 2000;

/** Opens the spools and begins. Throws a `SpoolError` when one cannot be opened. */
export function startDrain(options: DrainOptions): Drain {
  const { nats, log, time } = options;
  const layout = () => options.layout;
  const spools = openAll(options);
  let relayed = 0;
  let isStopped = false;
  const publisher = createPublisher({
    nats,
    layout: options.layout,
    log,
    time,
    onState: () => {},
    onNews: () => {
      for (const relay of relays) relay.wake();
    },
    hasBacklog: () => true,
    onAck: undefined,
  });
  const onRelayed = (events: number) => {
    relayed += events;
  };
  const relays = spools.map((spool) => createRelay({ spool, publisher, layout, log, time, onRelayed }));

  const left = () => spools.reduce((total, { rows, salvageLeft }) => total + rows + (salvageLeft ?? 0), 0);
  const isDone = () => spools.every(({ rows, salvageLeft }) => rows === 0 && salvageLeft === null);
  const pause = () => new Promise<void>((resolve) => time.after(LOOK_MS, resolve));

  async function run(): Promise<DrainEnd> {
    let seen = "";
    let lastChangeMs = time.now();
    while (!isDone() && !isStopped && time.now() - lastChangeMs < STUCK_MS) {
      await pause();
      const now = `${relayed} ${left()}`;
      if (now !== seen) lastChangeMs = time.now();
      seen = now;
    }
    for (const relay of relays) relay.stop();
    const untilMs = time.now() + GOODBYE_MS;
    while (publisher.inFlight > 0 && time.now() < untilMs) await pause();
    await publisher.close();
    const isWhole = isDone();
    for (const spool of spools) spool.close();
    if (isWhole) return "done";
    return isStopped ? "stopped" : "stuck";
  }

  return {
    get relayed() {
      return relayed;
    },
    get left() {
      return left();
    },
    get damagedRows() {
      return spools.reduce((total, { damagedRows }) => total + damagedRows, 0);
    },
    get quarantined() {
      return spools.reduce((total, spool) => total + countQuarantined(spool), 0);
    },
    ended: run(),
    stop: () => {
      isStopped = true;
    },
  };
}

/** All of them, or none when one cannot be opened. */
function openAll({ dataDir, names, maxBytes, log, clock, time }: DrainOptions): Spool[] {
  const spools: Spool[] = [];
  try {
    for (const name of names) spools.push(openSpool({ dataDir, name, maxBytes, log, clock, time }));
    return spools;
  } catch (error) {
    for (const spool of spools) spool.close();
    throw error;
  }
}
