// What a worker tells of itself unasked: nothing that it has told already. Knows no process and no message.

/** How a worker is, and what it has counted. */
export interface Told {
  /** Tells how the worker is, where that is not what it was. */
  status(): void;
  /** Tells its metrics, where anything has changed since they were told. */
  snapshot(): void;
}

/** Creates the reports of a worker that has told nothing yet. Status and snapshots were a third of an idle one's CPU. */
export function createTold<Status>(
  read: () => Status,
  tellStatus: (status: Status) => void,
  tellSnapshot: () => void,
): Told {
  let last: string | null = null;
  let isChanged = false;

  return {
    status() {
      const status = read();
      const text = JSON.stringify(status);
      if (text === last) return;
      last = text;
      isChanged = true;
      tellStatus(status);
    },
    snapshot() {
      if (!isChanged) return;
      isChanged = false;
      tellSnapshot();
    },
  };
}
