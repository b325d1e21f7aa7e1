// Whether memory stayed flat while events went through. Pure.

/** How much memory may grow from a first look to a last one, and how much it may be. */
export interface MemoryBound {
  readonly maxGrowth: number;
  readonly maxBytes: number;
}

export interface Verdict {
  readonly isFlat: boolean;
  /** The verdict in words, with its figures. */
  readonly text: string;
}

/** Compares memory at a first and a last look, in bytes; `first` says in words when the first one was. */
export function judgeMemory(
  firstBytes: number,
  lastBytes: number,
  first: string,
  { maxGrowth, maxBytes }: MemoryBound,
): Verdict {
  const growth = lastBytes / firstBytes;
  const isFlat = growth <= maxGrowth && lastBytes <= maxBytes;
  return {
    isFlat,
    text: `${isFlat ? "flat" : "NOT FLAT"}: RSS ${megabytes(lastBytes)} at the end, ${growth.toFixed(2)} × that after ${first} (${megabytes(firstBytes)}); at most ${maxGrowth} × and ${megabytes(maxBytes)} is flat`,
  };
}

/** Bytes in a reader's unit. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
