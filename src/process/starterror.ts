// Why the program does not start. Imports nothing, so that whoever catches it loads no gateway.

/** Why a gateway cannot start; the message is one line for a person. */
export class StartError extends Error {
  override readonly name = "StartError";
  /** The exit code: 2 for a configuration that cannot work, 1 for everything else. */
  readonly code: 1 | 2;

  constructor(message: string, options: ErrorOptions & { readonly code?: 1 | 2 } = {}) {
    super(message, options);
    this.code = options.code ?? 1;
  }
}
