// A gateway with few file descriptors, and more connections than it has: real sockets.
import { expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { COMMANDS, type Gateway, linesOf, startGateway } from "../support/gatewayprocess.ts";
import { afterTest, putAwayAfterEach, temporaryFolder } from "../support/parts.ts";
import { until } from "../support/until.ts";

putAwayAfterEach();

const SHUT = "out of file descriptors: the public port is closed until there are some";

/** Opens connections and writes the same on each; the function tells how many got an answer. */
function flood({ port }: Gateway, count: number, text: string) {
  let answered = 0;
  const sockets = Array.from({ length: count }, (): Socket => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    socket.once("data", () => answered++);
    // A connection that is turned away.
    socket.on("error", () => {});
    return socket;
  });
  const end = () => {
    for (const socket of sockets) socket.destroy();
  };
  afterTest(end);
  return { end, answered: () => answered };
}

async function startSmall(): Promise<Gateway> {
  const [program, main] = COMMANDS.bun;
  const command = ["sh", "-c", `ulimit -n 96; exec '${program}' '${main}'`];
  const gateway = await startGateway({ command, dataDir: temporaryFolder() });
  afterTest(() => gateway.stop());
  return gateway;
}

const PIXEL = "/pixel/v1/page?writeKey=demo";

test("a gateway without file descriptors answers on its admin port, says what is the case, and takes pixels again", async () => {
  const gateway = await startSmall();
  const ask = async (path: string) => {
    const response = await fetch(`${gateway.adminUrl}${path}`, { headers: { Connection: "close" } });
    return [response.status, await response.text()];
  };
  // Requests that never end: their connections cannot be closed for being idle.
  const { end } = flood(gateway, 200, `GET ${PIXEL} HTTP/1.1\r\n`);
  await until("it is told", () => linesOf(gateway, SHUT).length > 0);
  expect(await ask("/livez")).toEqual([200, "OK"]);
  expect(await ask("/readyz")).toEqual([503, "out of file descriptors: no connection is accepted"]);
  end();
  await until("it is ready again", async () => (await ask("/readyz"))[0] === 200);
  expect((await fetch(`${gateway.url}${PIXEL}`)).status).toBe(200);
});

test("a gateway closes idle connections for new ones when it has no file descriptors left", async () => {
  const gateway = await startSmall();
  const { answered } = flood(gateway, 200, `GET ${PIXEL} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  await until("each has an answer", () => answered() === 200);
  expect(linesOf(gateway, SHUT)).toEqual([]);
});
