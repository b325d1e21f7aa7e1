// Requests written byte by byte, and the responses as they come: what no HTTP client would send.
import { connect } from "node:net";

export interface RawResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** One character a byte. */
  readonly body: string;
}

const WAIT_MS = 5000;

/**
 * Sends bytes on one connection and resolves with as many responses as `methods` has entries, in their order, or fewer
 * when the server closes before. A response to HEAD has no body whatever its length says.
 */
export async function sendRaw(
  port: number,
  bytes: string | Uint8Array,
  methods: readonly string[] = ["GET"],
): Promise<RawResponse[]> {
  return await new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port });
    let received = "";
    const limit = setTimeout(() => {
      socket.destroy();
      reject(new Error(`Cannot read ${methods.length} responses: after ${WAIT_MS} ms there is ${received}`));
    }, WAIT_MS);
    const finish = () => {
      clearTimeout(limit);
      socket.destroy();
      resolve(readResponses(received, methods));
    };
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
      if (readResponses(received, methods).length === methods.length) finish();
    });
    socket.on("close", finish);
    // A server that refuses a request may close while it is still being written: what it said before counts.
    socket.on("error", finish);
    socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  });
}

function readResponses(text: string, methods: readonly string[]): RawResponse[] {
  const responses: RawResponse[] = [];
  let at = 0;
  for (const method of methods) {
    const end = text.indexOf("\r\n\r\n", at);
    if (end < 0) break;
    const [statusLine = "", ...lines] = text.slice(at, end).split("\r\n");
    const headers = new Map(
      lines.map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const length = method === "HEAD" ? 0 : Number(headers.get("content-length") ?? 0);
    if (text.length < end + 4 + length) break;
    const body = text.slice(end + 4, end + 4 + length);
    responses.push({ status: Number(statusLine.split(" ")[1]), headers, body });
    at = end + 4 + length;
  }
  return responses;
}
