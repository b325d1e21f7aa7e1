// Fixed-window limit (messages and bytes a second) for best-effort traffic, so that it never competes with events.

/** Creates a check that is true while the present second has had fewer than `count` calls and `bytes` bytes. */
export function createFixedWindowLimit(count: number, bytes: number): (bytes: number) => boolean {
  let second = 0;
  let leftCount = count;
  let leftBytes = bytes;
  return (size) => {
    const now = Math.floor(performance.now() / 1000);
    if (now !== second) {
      second = now;
      leftCount = count;
      leftBytes = bytes;
    }
    if (leftCount === 0 || leftBytes < size) return false;
    leftCount--;
    leftBytes -= size;
    return true;
  };
}
