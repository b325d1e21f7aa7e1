// Why a request is not taken is a value that travels back to the reply, never an exception.

/** A status, 4xx where a request is rejected and 503 where it failed, and the one-line reason its sender is told. */
export class Rejection {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string) {
    this.status = status;
    this.reason = reason;
  }
}
