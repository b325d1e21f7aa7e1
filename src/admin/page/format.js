// Numbers for people. Pure: text out, whatever the page.

/** @param {number} count */
export function writeCount(count) {
  return count.toLocaleString("en");
}

/** A number with its noun. @param {number} count @param {string} one @param {string} many */
export function writeCountOf(count, one, many) {
  return `${writeCount(count)} ${count === 1 ? one : many}`;
}

/** @param {number} rate */
export function writeRate(rate) {
  return rate < 10 && rate > 0 ? rate.toFixed(1) : writeCount(Math.round(rate));
}

/** @param {number} bytes */
export function writeBytes(bytes) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}

/** @param {number} ms */
export function writeDuration(ms) {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** A moment by this machine's clock: hours and minutes, and the day when it was another one than today. @param {number} atMs @param {number} nowMs */
export function writeMoment(atMs, nowMs) {
  const [at, now] = [new Date(atMs), new Date(nowMs)];
  const two = (/** @type {number} */ part) => String(part).padStart(2, "0");
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  if (at.toDateString() === now.toDateString()) return time;
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}`;
}
