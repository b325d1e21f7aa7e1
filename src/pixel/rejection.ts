// A refusal is a value that travels back to the reply, never an exception.

/** Why a request is not taken: an HTTP status and the one-line reason its sender is told. */
export class Rejection {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string) {
    this.status = status;
    this.reason = reason;
  }
}
