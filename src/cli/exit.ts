// How a command ends before its time.

/** Why a command ends early: lines for stderr, and the exit code, 1 for failed and 2 for wrong words or configuration. */
export class Exit extends Error {
  override readonly name = "Exit";
  readonly code: 1 | 2;
  readonly lines: readonly string[];

  constructor(code: 1 | 2, text: string | readonly string[], options?: ErrorOptions) {
    const lines = typeof text === "string" ? [text] : text;
    super(lines.join("\n"), options);
    this.code = code;
    this.lines = lines;
  }
}
