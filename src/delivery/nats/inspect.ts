// What is wrong with a stream that was looked up: what would lose events without a word, and what is unusual. Pure.
/** One thing about a stream that an operator should know. */
export interface Finding {
  readonly stream: string;
  /** `fault`: events are lost without a word. `warning`: it is unusual. */
  readonly severity: "fault" | "warning";
  /** One sentence: what is the case, and what it means. */
  readonly says: string;
  /** A command that mends it; null where none does. */
  readonly cure: string | null;
  /** Nothing may be published to the stream: what it acks is lost, or what it stores is never acked. */
  readonly isFatal: boolean;
}
