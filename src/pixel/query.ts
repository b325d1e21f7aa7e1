// Reads a query string into a nested object. Knows the key syntax of the Pixel API, and no field of it.
import { Rejection } from "./rejection.ts";

/** What a query can hold: every value is a string, a gap in an array is null. */
export type QueryValue = string | null | QueryArray | QueryObject;
export type QueryArray = QueryValue[];
export interface QueryObject {
  [key: string]: QueryValue;
}

export function readQuery(_query: string): QueryObject | Rejection {
  return new Rejection(500, "not yet");
}
