// The live feed: requests as server-sent events, to a few viewers with bounded buffers. Keeps nothing while nobody
// looks, and never waits for a viewer: what one cannot take is counted and told as a gap.
import { type Clock, systemClock } from "../runtime/clock.ts";
import { admits, type LiveFilter } from "./filter.ts";
import type { LiveRecord } from "./observer.ts";

/** A viewer, as workers know it: they pass on what it wants to see. */
export interface LiveViewer {
  readonly id: number;
  readonly filter: LiveFilter;
}

/** What a worker passes on at once. */
export interface LiveBatch {
  /** Each with the ids of the viewers that it is for. */
  readonly records: readonly { readonly record: LiveRecord; readonly viewers: readonly number[] }[];
  /** How many more there were for a viewer. */
  readonly missed: readonly { readonly viewer: number; readonly count: number }[];
}

/** The feed: takes records in, gives streams out. */
export interface Live {
  /** True while somebody watches. */
  readonly isWatched: boolean;
  /** Who watches: another list whenever that changes. */
  readonly viewers: readonly LiveViewer[];
  show(record: LiveRecord): void;
  /** Takes what a worker has chosen for viewers; one that has left gets nothing. */
  showBatch(batch: LiveBatch): void;
  /** A stream of server-sent events, or null when there are as many viewers as are let in. */
  watch(filter: LiveFilter): ReadableStream<Uint8Array> | null;
  /** Ends every viewer's stream. */
  close(): void;
}

interface Viewer extends LiveViewer {
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  queue: string[];
  queuedLetters: number;
  /** Records it did not get since its last chunk. */
  missed: number;
  lastSentMs: number;
}

const MAX_VIEWERS = 16;
/** How often records go out. */
export const FLUSH_MS = 100;
/**
 * So many records go out at once, and no more: a record is a few KB, 250 in 100 ms are more than a person can read.
 * Letters are bounded too: a queue with more than 1 Mi of them takes no further record; in memory each is a byte or two.
 */
export const MAX_QUEUED = 250;
/** Likewise, for long records. */
export const MAX_QUEUED_LETTERS = 1024 * 1024;
// What the runtime may hold for the socket on top.
const MAX_UNSENT_BYTES = 256 * 1024;
const KEEP_ALIVE_MS = 15_000;
const STALLED_MS = 60_000;

const encoder = new TextEncoder();

/** Creates the feed. */
export function createLive(clock: Clock = systemClock): Live {
  const viewers = new Set<Viewer>();
  let list: readonly LiveViewer[] = [];
  let lastId = 0;
  let stopFlushing: (() => void) | null = null;

  function send(viewer: Viewer, text: string, nowMs: number): void {
    try {
      viewer.controller.enqueue(encoder.encode(text));
      viewer.lastSentMs = nowMs;
    } catch {
      // A stream that the runtime has closed without telling.
      remove(viewer);
    }
  }

  function listViewers(): void {
    list = Array.from(viewers, ({ id, filter }) => ({ id, filter }));
  }

  function remove(viewer: Viewer): void {
    viewers.delete(viewer);
    listViewers();
    if (viewers.size > 0) return;
    stopFlushing?.();
    stopFlushing = null;
  }

  function end(viewer: Viewer): void {
    remove(viewer);
    try {
      viewer.controller.close();
    } catch {
      // The runtime has closed it before us.
    }
  }

  function flush(viewer: Viewer, nowMs: number): void {
    if ((viewer.controller.desiredSize ?? 0) <= 0) {
      if (nowMs - viewer.lastSentMs > STALLED_MS) end(viewer);
      return;
    }
    if (viewer.queue.length === 0 && viewer.missed === 0) {
      if (nowMs - viewer.lastSentMs > KEEP_ALIVE_MS) send(viewer, ": still here\n\n", nowMs);
      return;
    }
    const gap = viewer.missed === 0 ? "" : `event: gap\ndata: {"missed":${viewer.missed}}\n\n`;
    const frames = viewer.queue.join("") + gap;
    viewer.queue = [];
    viewer.queuedLetters = 0;
    viewer.missed = 0;
    send(viewer, frames, nowMs);
  }

  function flushAll(): void {
    const nowMs = clock.now();
    for (const viewer of [...viewers]) flush(viewer, nowMs);
  }

  function showTo(record: LiveRecord, isFor: (viewer: Viewer) => boolean): void {
    let frame: string | null = null;
    for (const viewer of viewers) {
      if (!isFor(viewer)) continue;
      if (viewer.queue.length >= MAX_QUEUED || viewer.queuedLetters > MAX_QUEUED_LETTERS) {
        viewer.missed++;
        continue;
      }
      frame ??= `data: ${writeRecord(record)}\n\n`;
      viewer.queue.push(frame);
      viewer.queuedLetters += frame.length;
    }
  }

  return {
    get isWatched() {
      return viewers.size > 0;
    },

    get viewers() {
      return list;
    },

    show: (record) => showTo(record, ({ filter }) => admits(filter, record)),

    showBatch({ records, missed }) {
      for (const { record, viewers } of records) showTo(record, ({ id }) => viewers.includes(id));
      for (const viewer of viewers) {
        for (const { viewer: id, count } of missed) if (id === viewer.id) viewer.missed += count;
      }
    },

    watch(filter) {
      if (viewers.size >= MAX_VIEWERS) return null;
      let viewer: Viewer | null = null;
      return new ReadableStream<Uint8Array>(
        {
          start(controller) {
            const nowMs = clock.now();
            const id = ++lastId;
            viewer = { id, filter, controller, queue: [], queuedLetters: 0, missed: 0, lastSentMs: nowMs };
            viewers.add(viewer);
            listViewers();
            stopFlushing ??= clock.every(FLUSH_MS, flushAll);
            // Sent at once, so that the client knows that it is connected.
            send(viewer, "retry: 1000\n: watching\n\n", nowMs);
          },
          cancel() {
            if (viewer !== null) remove(viewer);
          },
        },
        { highWaterMark: MAX_UNSENT_BYTES, size: (chunk) => chunk?.byteLength ?? 0 },
      );
    },

    close() {
      for (const viewer of [...viewers]) {
        flush(viewer, clock.now());
        end(viewer);
      }
    },
  };
}

/** A record as one line of JSON: the payload is JSON already and goes in as it is, under `event`. */
function writeRecord(record: LiveRecord): string {
  const { payload, receivedMs, ...rest } = record;
  const head = JSON.stringify({ receivedAt: new Date(receivedMs).toISOString(), ...rest });
  return `${head.slice(0, -1)},"event":${payload ?? "null"}}`;
}
