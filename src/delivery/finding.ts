// What was found of a stream, for whoever tells an operator: plain data, told by workers to their supervisor.

/** How bad a finding is, worst first. `fault`: events are lost without a word, or none gets through. `warning`: it is unusual. */
export const FINDING_SEVERITIES = ["fault", "warning"] as const;

/** What is wrong, or unusual, with a stream as the operator runs it. */
export interface Finding {
  readonly stream: string;
  readonly severity: (typeof FINDING_SEVERITIES)[number];
  /** One sentence: what is the case, and what it means. */
  readonly says: string;
  /** A command that mends it; null where none does. */
  readonly cure: string | null;
  /** Nothing may be published to the stream: it keeps nothing, or never says that it has. */
  readonly isFatal: boolean;
}
