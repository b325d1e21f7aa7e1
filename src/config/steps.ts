// Work in small steps, so that whoever has others to serve can do it in slices. Knows no time and no event loop.

/** Work that pauses after each small step, and returns its result at the end. */
export type Steps<T> = Generator<void, T>;

/** How many items of a list make one step: some 0.1 ms. */
const ITEMS_A_STEP = 32;

/** The items of a list with their indices, a step after every few. */
export function* stepwise<T>(items: Iterable<T>, act: (item: T, index: number) => void): Steps<void> {
  let index = 0;
  for (const item of items) {
    act(item, index++);
    if (index % ITEMS_A_STEP === 0) yield;
  }
}

/** Does all steps at once. */
export function runAtOnce<T>(steps: Steps<T>): T {
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}
