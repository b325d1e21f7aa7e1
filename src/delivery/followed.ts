// What whoever watches from another process is given of the events, wherever these are read from.

/** One message of one destination. */
export interface Followed {
  readonly subject: string;
  readonly destinationId: string;
  /** The event as JSON. */
  readonly payload: string;
}

/** Which messages to follow, and from where. */
export interface FollowOptions {
  /** Null follows every destination. */
  readonly destinationId: string | null;
  /** Begins with what is kept already, not with the next message. */
  readonly isFromStart: boolean;
}
