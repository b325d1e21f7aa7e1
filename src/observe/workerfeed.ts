// What a worker passes on to the live feed of its supervisor. Filters come before the cap, so that a loud source starves
// nobody who looks at another; what is over the cap is counted for each viewer, and told.
import { admits } from "./filter.ts";
import { type LiveBatch, type LiveViewer, MAX_QUEUED, MAX_QUEUED_LETTERS } from "./live.ts";
import type { LiveRecord } from "./observer.ts";

/** Records that wait for their way to the supervisor. */
export interface WorkerFeed {
  /** True while somebody watches. */
  readonly isWatched: boolean;
  /** Who watches from now on. */
  watch(viewers: readonly LiveViewer[]): void;
  show(record: LiveRecord): void;
  /** Hands over what has come since the last time; null for nothing. */
  take(): LiveBatch | null;
}

interface Share extends LiveViewer {
  records: number;
  letters: number;
  missed: number;
}

/** Creates the feed of a worker that nobody watches yet. */
export function createWorkerFeed(): WorkerFeed {
  let shares: Share[] = [];
  let records: LiveBatch["records"][number][] = [];

  return {
    get isWatched() {
      return shares.length > 0;
    },

    watch(viewers) {
      const known = new Map(shares.map((share) => [share.id, share]));
      shares = viewers.map(
        (viewer) => known.get(viewer.id) ?? { ...viewer, records: 0, letters: 0, missed: 0 },
      );
    },

    show(record) {
      const letters = lettersOf(record);
      const viewers: number[] = [];
      for (const share of shares) {
        if (!admits(share.filter, record)) continue;
        if (share.records >= MAX_QUEUED || share.letters > MAX_QUEUED_LETTERS) {
          share.missed++;
          continue;
        }
        share.records++;
        share.letters += letters;
        viewers.push(share.id);
      }
      if (viewers.length > 0) records.push({ record, viewers });
    },

    take() {
      const missed = shares
        .filter((share) => share.missed > 0)
        .map(({ id, missed }) => ({ viewer: id, count: missed }));
      if (records.length === 0 && missed.length === 0) return null;
      const batch = { records, missed };
      records = [];
      for (const share of shares) Object.assign(share, { records: 0, letters: 0, missed: 0 });
      return batch;
    },
  };
}

/** About as long as its frame will be. */
function lettersOf({ target, userAgent, payload }: LiveRecord): number {
  return target.length + (userAgent?.length ?? 0) + (payload?.length ?? 0);
}
