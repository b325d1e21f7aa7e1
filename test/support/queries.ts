// What the tests of the query reader hold it to.
import { type QueryObject, type QueryValue, readQuery } from "../../src/pixel/query.ts";
import { Rejection } from "../../src/pixel/rejection.ts";

/** As the subscriber sees it: JSON shows `__proto__` and every gap, and knows no prototype. */
export function json(query: string): unknown {
  const result = readQuery(query);
  if (result instanceof Rejection) return `${result.status} ${result.reason}`;
  return JSON.parse(JSON.stringify(result));
}

/** The rules once more, without a thought for speed: the oracle of the property tests, itself held to the table. */
export function reference(query: string): unknown {
  return nest([...new URLSearchParams(`?${query}`)]);
}

/** The same for pairs that are decoded already. */
export function nest(pairs: readonly (readonly [string, string])[]): unknown {
  const seen = new Map<string, string>();
  for (const [name, value] of pairs) if (name !== "" && !seen.has(name)) seen.set(name, value);
  let root: QueryValue = Object.create(null) as QueryObject;
  for (const [name, value] of seen) {
    const parts = `.${name}`.match(/\.(?:\\[\s\S]|[^.\\]|\\$)*/g) ?? [];
    root = placed(
      root,
      parts.map((part) => part.slice(1)),
      value,
      true,
    );
  }
  return JSON.parse(JSON.stringify(root));
}

function placed(
  target: QueryValue | undefined,
  segments: readonly string[],
  value: string,
  root = false,
): QueryValue {
  const [written, ...rest] = segments;
  if (written === undefined) return value;
  const forced = written.startsWith(":");
  const name = (forced ? written.slice(1) : written).replace(/\\([\s\S])/g, "$1");
  const index =
    !forced && /^\d+$/.test(name) && Number(name) < 256
      ? Number(name)
      : !forced && name === "-1"
        ? -1
        : undefined;
  if (
    Array.isArray(target) ||
    (!root && index !== undefined && (typeof target !== "object" || target === null))
  ) {
    const array = Array.isArray(target) ? [...target] : [];
    const at = index === -1 ? array.length : index;
    if (at !== undefined && at < 256) {
      while (array.length < at) array.push(null);
      array[at] = placed(array[at], rest, value);
      return array;
    }
  }
  const object = Object.create(null) as QueryObject;
  if (typeof target === "object")
    for (const [old, kept] of Object.entries(target ?? {}))
      if (!Array.isArray(target) || kept !== null) object[old] = kept;
  object[name] = placed(object[name], rest, value);
  return object;
}
