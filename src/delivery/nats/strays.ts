// Subjects that a stream is sent beside those of its layout: a spool may hold events of destinations that are configured no
// more. Noted when one does not arrive, so that look-ups ask for it, too. Knows no stream as it is.
import type { Layout, StreamSpec } from "../../config/layout.ts";
import { patternsOf, subjectsOfOthers } from "./interest.ts";
import { PatternSet } from "./pattern.ts";

/** The strays of one stream. */
export class Strays {
  readonly #patterns = new Set<string>();

  /** Notes the subject of a message that did not arrive; false when it is known. */
  add(subject: string): boolean {
    const before = this.#patterns.size;
    return this.#patterns.add(ofAnyType(subject)).size > before;
  }

  /** Patterns of those that no destination of the layout has. */
  list(spec: StreamSpec, layout: Layout): string[] {
    if (this.#patterns.size === 0) return [];
    const configured = new PatternSet([...patternsOf(spec, layout), ...subjectsOfOthers(spec, layout)]);
    return [...this.#patterns].filter((stray) => !configured.overlaps(stray));
  }

  /** The stream with those beside its own that nobody has in its place, and these by themselves. */
  join(spec: StreamSpec, layout: Layout, elsewhere: readonly string[]) {
    const taken = new Set(elsewhere);
    const strays = this.list(spec, layout).filter((stray) => !taken.has(stray));
    if (strays.length === 0) return { spec, strays };
    const own = new PatternSet(spec.subjects);
    const subjects = [...spec.subjects, ...strays.filter((stray) => !own.covers(stray))];
    return { spec: { ...spec, subjects }, strays };
  }
}

/** With the type left open, so that it can be asked for; behind it there may be a partition. */
function ofAnyType(subject: string): string {
  return subject.replace(/[^.]+((\.\d+)?)$/, "*$1");
}
