// Keeps a source to its events per second: a token bucket that holds one second's worth.

/** Takes one event of a source if its rate still admits it. `nowMs` is epoch milliseconds, `rate` events per second. */
export type RateLimiter = (sourceId: string, rate: number, nowMs: number) => boolean;

/** Creates the buckets of one process. With several workers each holds its share of a rate. */
export function createRateLimiter(workers: number): RateLimiter {
  const buckets = new Map<string, { tokens: number; atMs: number }>();
  return (sourceId, rate, nowMs) => {
    // At least one: a bucket that cannot hold a whole token admits nothing.
    const share = Math.max(1, rate / workers);
    const bucket = buckets.get(sourceId) ?? { tokens: share, atMs: nowMs };
    buckets.set(sourceId, bucket);
    const earned = (Math.max(0, nowMs - bucket.atMs) * share) / 1000;
    bucket.tokens = Math.min(share, bucket.tokens + earned);
    bucket.atMs = nowMs;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  };
}
