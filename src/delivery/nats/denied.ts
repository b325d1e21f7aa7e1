// Subjects that the server does not let us publish to: each is believed for a while, then tried again.

const BELIEVED_MS = 5000;

/** The denied subjects of one connection. Times are those of one clock. */
export class DeniedSubjects {
  readonly #until = new Map<string, number>();

  /** Notes that the server has denied a subject; true when that is news. */
  add(subject: string, nowMs: number): boolean {
    const isNews = !this.has(subject, nowMs);
    this.#until.set(subject, nowMs + BELIEVED_MS);
    return isNews;
  }

  has(subject: string, nowMs: number): boolean {
    // On a hot path, and nearly always empty.
    return this.#until.size > 0 && (this.#until.get(subject) ?? 0) > nowMs;
  }

  clear(): void {
    this.#until.clear();
  }
}
