// Asks workers for fresh metrics. One question at a time, however many ask; of a worker that does not answer in time the
// last report stands, and it is not waited for again until it says something.
import type { Clock } from "../runtime/clock.ts";

/** How long a worker is waited for; then what it has said last must do. */
const ANSWER_MS = 1000;

/** The question that is asked, and who has not answered it. */
export interface Questions {
  /** Resolves when each of the workers has answered, is gone, or is late. Whoever asks meanwhile gets the same answer. */
  ask(): Promise<void>;
  /** A worker has said something; `question` is the one that it answers, null for something else. */
  hear(index: number, question: number | null): void;
  /** A worker is gone: nobody waits for it. */
  forget(index: number): void;
}

/** Creates questions to the workers that `up` has; `send` is false when nobody is there to read it. */
export function createQuestions(
  clock: Clock,
  up: () => readonly number[],
  send: (index: number, question: number) => boolean,
): Questions {
  const late = new Set<number>();
  const awaited = new Set<number>();
  let question = 0;
  let asked: { readonly answer: Promise<void>; readonly end: () => void } | null = null;

  function settle(index: number): void {
    if (awaited.delete(index) && awaited.size === 0) asked?.end();
  }

  return {
    ask() {
      if (asked !== null) return asked.answer;
      question++;
      for (const index of up()) {
        if (send(index, question) && !late.has(index)) awaited.add(index);
      }
      if (awaited.size === 0) return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      const callOff = clock.after(ANSWER_MS, () => {
        for (const index of awaited) late.add(index);
        awaited.clear();
        asked?.end();
      });
      asked = {
        answer: promise,
        end() {
          callOff();
          asked = null;
          resolve();
        },
      };
      return promise;
    },

    hear(index, answered) {
      late.delete(index);
      if (answered === question) settle(index);
    },

    forget(index) {
      late.delete(index);
      settle(index);
    },
  };
}
