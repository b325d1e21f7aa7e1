// What a message's fate says of its gates: whose trouble it is, and what it proves. Knows no message and no gate.

/** What becomes of a message, as far as its gates are concerned. */
export interface Fate {
  /** Whose trouble it is; null where it is nobody's but the message's own. */
  readonly refuses: "stream" | "destination" | null;
  /** Whether the stream shows itself well. */
  readonly provesStream: boolean;
  readonly provesDestination: boolean;
  /** Whether a stream has answered. */
  readonly isAnswer: boolean;
  readonly reason: string;
}

const fate = (
  refuses: Fate["refuses"],
  provesStream: boolean,
  provesDestination: boolean,
  isAnswer: boolean,
) => ({ refuses, provesStream, provesDestination, isAnswer, reason: "" });

/** The stream has it. */
export const STORED = fate(null, true, true, true);
/** The stream takes nothing now. */
export const OF_STREAM = fate("stream", false, false, true);
/** The stream answers, and takes no more of this destination. */
export const OF_DESTINATION = fate("destination", true, false, true);
/** The stream never saw it, as far as is known. */
export const UNREACHED = fate("destination", false, false, false);
/** The stream answers, and the message alone is not taken. */
export const OF_MESSAGE = fate(null, true, false, true);
/** Nobody answers in time. */
export const UNANSWERED = fate("stream", false, false, false);
/** What became of it is told by nobody, by no fault of a stream. */
export const UNTOLD = fate(null, false, false, false);
