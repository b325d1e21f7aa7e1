// Times and sizes as an operator writes them in a setting or a command: 72h, 10GiB.

const TIMES = [
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
] as const;

const SIZES = [
  ["TiB", 1024 ** 4],
  ["GiB", 1024 ** 3],
  ["MiB", 1024 ** 2],
  ["KiB", 1024],
] as const;

/** A time in the largest unit that tells it exactly, such as `72h` or `1500ms`. */
export function showMs(ms: number): string {
  const [unit, size] = TIMES.find(([, size]) => ms > 0 && ms % size === 0) ?? ["ms", 1];
  return `${ms / size}${unit}`;
}

/** A size in the largest unit that tells it exactly, such as `10GiB` or `1000B`. */
export function showBytes(bytes: number): string {
  const [unit, size] = SIZES.find(([, size]) => bytes > 0 && bytes % size === 0) ?? ["B", 1];
  return `${bytes / size}${unit}`;
}
