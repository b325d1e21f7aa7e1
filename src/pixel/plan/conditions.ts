// What changes the structure of an event beside the keys of its query, as the bits of one number.
import type { AddressPolicy } from "../facts.ts";
import type { Identity } from "../identity.ts";

/** The bits; where none of a group is set, its first case holds: a page, the address kept, an identity from the client. */
export const CONDITION = {
  track: 1,
  userAgent: 2,
  locale: 4,
  referer: 8,
  /** There is an address that the policy lets through. */
  address: 16,
  truncate: 32,
  drop: 64,
  assigned: 128,
  cookie: 256,
  /** The visitor asks for privacy, and the source grants it by removing the identity. */
  anonymised: 512,
} as const;

/** The bits of an address policy. */
export const ADDRESS_BITS: Readonly<Record<AddressPolicy, number>> = {
  keep: 0,
  truncate: CONDITION.truncate,
  drop: CONDITION.drop,
};

/** The bits of where an identity comes from. */
export const ORIGIN_BITS: Readonly<Record<Identity["origin"], number>> = {
  client: 0,
  assigned: CONDITION.assigned,
  cookie: CONDITION.cookie,
};
