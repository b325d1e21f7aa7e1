// What a mutant is: a fault that somebody could make.

/** A change to the code, and the tests of which one must turn red. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly tests: readonly string[];
}
