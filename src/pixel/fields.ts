// What the builders of an event ask of the fields of a query's object. Knows none of them by name.
import type { QueryObject, QueryValue } from "./query.ts";

/** True for a field that holds fields itself; an array does not. */
export function isObject(value: QueryValue | undefined): value is QueryObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** True for a field that is not there, or a text of nothing but white space. */
export function isBlank(value: QueryValue | undefined): boolean {
  return value === undefined || (typeof value === "string" && value.trim() === "");
}

/** Hides fields from JSON, which leaves out what is undefined; a deleted key would cost the object its fast shape. */
export function hide(object: QueryObject, ...keys: string[]): void {
  const fields: Record<string, QueryValue | undefined> = object;
  for (const key of keys) if (fields[key] !== undefined) fields[key] = undefined;
}
