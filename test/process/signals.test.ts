// A second signal, a gateway that cannot go on starting, and a port that nobody keeps: with real workers.
import { expect, test } from "bun:test";
import { childrenOf } from "../bench/process.ts";
import { linesOf, startGateway } from "../support/gatewayprocess.ts";
import { afterTest, putAwayAfterEach, temporaryFolder } from "../support/parts.ts";
import { until } from "../support/until.ts";
import { isAlive, startWorkers } from "../support/workers.ts";

putAwayAfterEach();

test("a second signal ends the workers before their supervisor, and nobody keeps the port", async () => {
  const gateway = await startWorkers(2, { env: { SHUTDOWN_DELAY_MS: "600000" } });
  const workers = childrenOf(gateway.pid);
  process.kill(gateway.pid, "SIGTERM");
  await until("it is stopping", () => linesOf(gateway, "stopping").length > 0);
  // Two signals within a tenth of a second are one wish.
  await Bun.sleep(150);
  expect(await gateway.stop("SIGTERM")).toBe(1);
  expect(workers).toHaveLength(2);
  expect(workers.filter(isAlive)).toEqual([]);
  await expectPortIsFree(gateway.port);
});

test("serve ends its workers at once when the admin port cannot be opened", async () => {
  const other = await startGateway();
  afterTest(() => other.stop());
  const free = await startGateway();
  await free.stop();
  const env = {
    PORT: String(free.port),
    ADMIN_PORT: new URL(other.adminUrl).port,
    SHUTDOWN_DELAY_MS: "5000",
  };
  const failed = startWorkers(2, { env });
  const message = String(await failed.catch((error: unknown) => error));
  expect(message).toContain(`Cannot listen on 127.0.0.1:${env.ADMIN_PORT}: the port is in use`);
  await expectPortIsFree(free.port);
});

/** Another gateway can have it, which does not share it with anybody. */
async function expectPortIsFree(port: number): Promise<void> {
  const next = await startGateway({ env: { PORT: String(port) }, dataDir: temporaryFolder() });
  afterTest(() => next.stop());
  expect(next.port).toBe(port);
}
