// Random bytes to a real gateway: it answers with a status of the table or closes the connection, and lives on.
import { connect } from "node:net";
import { type Gateway, linesOf, startGateway } from "../support/gatewayprocess.ts";
import { randomOf } from "./random.ts";
import { randomRequest } from "./requests.ts";

/** docs/wire-contract.md, "Routes", "Reasons" and "What the runtime answers before we can". */
const STATUSES = [200, 204, 400, 404, 405, 413, 414, 429, 431, 505];
/** How long an answer may take; a request that was cut short has none. */
const ANSWER_MS = 2000;
const FAULT = "request failed by a fault of the gateway";

/** What a gateway does with a case, and at last whether it is still what it was. */
export interface Besieged {
  check(seed: number): Promise<void>;
  /** Asks for its health, reads its log and stops it. */
  finish(): Promise<void>;
}

/** Starts a gateway to send random bytes to. */
export async function besiege(): Promise<Besieged> {
  const gateway = await startGateway();
  return {
    async check(seed) {
      const status = await send(gateway, randomRequest(randomOf(seed)));
      if (status === null || STATUSES.includes(status)) return;
      throw new Error(`It must be so, and is not: a status of the table, not ${status}`);
    },
    async finish() {
      const { status } = await fetch(`${gateway.url}/health`);
      const faults = linesOf(gateway, FAULT);
      const code = await gateway.stop();
      if (status !== 200 || code !== 0 || faults.length > 0) {
        throw new Error(
          `A gateway must live on: health ${status}, exit code ${code}, ${JSON.stringify(faults)}`,
        );
      }
    },
  };
}

/** Sends bytes, and no more after them; resolves with the status of the answer, null when the connection just ends. */
function send({ port }: Gateway, bytes: Buffer): Promise<number | null> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect({ host: "127.0.0.1", port });
    const finish = () => {
      clearTimeout(limit);
      socket.destroy();
      const [, status] = /^HTTP\/1\.[01] (\d{3}) /.exec(answer) ?? [];
      resolve(status === undefined ? null : Number(status));
    };
    const limit = setTimeout(finish, ANSWER_MS);
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
      // The status is all that counts here.
      if (answer.includes("\r\n")) finish();
    });
    socket.on("close", finish);
    socket.on("error", finish);
    socket.end(bytes);
  });
}
