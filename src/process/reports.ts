// What workers report, added up to one gateway. Knows no process: only who said what last, and who has died.
import { SPOOL_STATES } from "../delivery/spool/admission.ts";
import { type DeliveryState, NATS_STATES } from "../delivery/state.ts";
import { addCounters, type Snapshot } from "../observe/snapshot.ts";
import { addTotals, noTotals, type Totals } from "../observe/totals.ts";
import { addDestinations, addFindings } from "./destinations.ts";
import type { WorkerStatus } from "./worker.ts";

/** The reports of all workers, each known by its index. */
export interface Reports {
  /** Takes the place of what the worker has said of itself before. */
  takeStatus(index: number, status: WorkerStatus): void;
  /** As `takeStatus`, for its metrics. */
  takeSnapshot(index: number, snapshot: Snapshot): void;
  /** A worker has died: what it counted stays, so that no total goes back; what it was and held goes with it. */
  retire(index: number): void;
  /** The state of all of them together; "down" while none has said anything. */
  state(): DeliveryState;
  totals(): Totals;
  /** How many have closed their port for want of file descriptors. */
  shedding(): number;
  /** The metrics of each, and of the dead. */
  snapshots(): Snapshot[];
}

interface Report {
  readonly state: DeliveryState | null;
  readonly totals: Totals;
  readonly isShedding: boolean;
  readonly snapshot: Snapshot;
}

const NOTHING: Report = { state: null, totals: noTotals(), isShedding: false, snapshot: [] };

/** Creates the reports of workers that have said nothing yet. */
export function createReports(): Reports {
  const reports = new Map<number, Report>();
  let retired = NOTHING;
  const reportOf = (index: number) => reports.get(index) ?? NOTHING;
  const all = () => [retired, ...reports.values()];

  return {
    takeStatus: (index, status) => void reports.set(index, { ...reportOf(index), ...status }),
    takeSnapshot: (index, snapshot) => void reports.set(index, { ...reportOf(index), snapshot }),

    retire(index) {
      const { totals, snapshot } = reportOf(index);
      retired = {
        ...NOTHING,
        totals: addTotals([retired.totals, totals]),
        snapshot: addCounters(retired.snapshot, snapshot),
      };
      reports.delete(index);
    },

    state: () => addStates(all().flatMap(({ state }) => state ?? [])),
    totals: () => addTotals(all().map(({ totals }) => totals)),
    shedding: () => all().filter(({ isShedding }) => isShedding).length,
    snapshots: () => all().map(({ snapshot }) => snapshot),
  };
}

/** Adds the states of several processes up; where there is nothing to add the worst of them stands for all. */
export function addStates(states: readonly DeliveryState[]): DeliveryState {
  const sum = (read: (state: DeliveryState) => number) =>
    states.reduce((total, state) => total + read(state), 0);
  const ages = states.flatMap((state) => state.oldestSpooledMs ?? []);
  return {
    // One that cannot take events makes some requests fail.
    nats: NATS_STATES.findLast((nats) => states.some((state) => state.nats === nats)) ?? "down",
    inFlight: sum((state) => state.inFlight),
    inFlightBytes: sum((state) => state.inFlightBytes),
    spooled: sum((state) => state.spooled),
    spooledBytes: sum((state) => state.spooledBytes),
    oldestSpooledMs: ages.length === 0 ? null : Math.max(...ages),
    damagedRows: sum((state) => state.damagedRows),
    salvageLeft: sum((state) => state.salvageLeft),
    spool: SPOOL_STATES.findLast((spool) => states.some((state) => state.spool === spool)) ?? "open",
    destinations: addDestinations(states.map(({ destinations }) => destinations)),
    findings: addFindings(states.map(({ findings }) => findings)),
    quarantined: sum((state) => state.quarantined),
    quarantineFull: states.some(({ quarantineFull }) => quarantineFull),
  };
}
