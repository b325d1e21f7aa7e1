// Which messages a stream would keep, as far as its last look-up and the last answers tell. Pure.
import { PatternSet } from "./pattern.ts";

/** What is known of a stream. */
export interface IntakeFacts {
  /** What it takes; null where that is not known. */
  readonly subjects: readonly string[] | null;
  /** What its consumers want, where it keeps nothing else; null where it keeps all. */
  readonly interest: readonly string[] | null;
  /** What another stream takes in its place. */
  readonly elsewhere: readonly string[];
}

/** Answers for one stream. Nothing is worked out before it is asked for: most of the time nobody asks. */
export class Intake {
  readonly #facts: IntakeFacts;
  #sets: Readonly<Record<keyof IntakeFacts, PatternSet | null>> | null = null;

  constructor(facts: IntakeFacts) {
    this.#facts = facts;
  }

  /** Whether there may be messages that are acked and not kept. */
  get mayLose(): boolean {
    return this.#facts.elsewhere.length > 0 || this.#facts.interest !== null;
  }

  /** Whether a message of the subject would be acked and not be kept. */
  loses(subject: string): boolean {
    if (!this.mayLose) return false;
    const { subjects, interest, elsewhere } = this.#patterns;
    if (elsewhere?.covers(subject)) return true;
    return interest !== null && !interest.covers(subject) && (subjects?.covers(subject) ?? false);
  }

  /** Whether a message of the subject would be kept; true where nothing is known against it. */
  takes(subject: string): boolean {
    return !this.loses(subject) && (this.#patterns.subjects?.covers(subject) ?? true);
  }

  get #patterns() {
    const { subjects, interest, elsewhere } = this.#facts;
    const setOf = (patterns: readonly string[] | null) => patterns && new PatternSet(patterns);
    this.#sets ??= { subjects: setOf(subjects), interest: setOf(interest), elsewhere: setOf(elsewhere) };
    return this.#sets;
  }
}

/** Of a stream that is not looked up. */
export const UNKNOWN_INTAKE = new Intake({ subjects: null, interest: null, elsewhere: [] });
