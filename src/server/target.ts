// A request's target: path and query of its URL, and how many bytes they are on the wire.

/** Path and query of a request's URL, without scheme and host. */
export function targetOf(url: string): string {
  if (url.startsWith("/")) return url;
  const path = url.indexOf("/", url.indexOf("://") + 3);
  return path < 0 ? "/" : url.slice(path);
}

/** Bytes of a UTF-16 unit at most: three in UTF-8, each of them percent-encoded. */
const MAX_UNIT_BYTES = 9;

/** Whether a URL's target is more than `maxBytes` long. */
export function isTargetOver(url: string, maxBytes: number): boolean {
  // Most URLs are far from the limit and not measured at all.
  return url.length * MAX_UNIT_BYTES > maxBytes && targetBytes(targetOf(url)) > maxBytes;
}

/**
 * The bytes of a target as the URL standard has it sent: what is not ASCII counts percent-encoded, three for each byte of
 * UTF-8. Bun gives it in that form however it was sent, so that no other count is the same on both runtimes.
 */
function targetBytes(target: string): number {
  const bytes = Buffer.byteLength(target);
  if (bytes === target.length) return bytes;
  const ascii = target.replace(/[^\0-\x7f]+/g, "").length;
  return ascii + 3 * (bytes - ascii);
}
