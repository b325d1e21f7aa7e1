// What a start says, of real processes.
import { expect, test } from "bun:test";
import { linesOf, startGateway } from "../support/gatewayprocess.ts";

const OPEN = "the admin port is open to the network without a token: set ADMIN_TOKEN";

const ROWS: readonly [what: string, env: Readonly<Record<string, string>>, warnings: object[]][] = [
  ["on every address, without a token", { ADMIN_HOST: "0.0.0.0" }, [{ level: "warn", address: "0.0.0.0" }]],
  ["on every address, with a token", { ADMIN_HOST: "0.0.0.0", ADMIN_TOKEN: "s3cret" }, []],
  ["on a loopback address, without a token", { ADMIN_HOST: "127.0.0.1" }, []],
];

for (const [what, env, warnings] of ROWS) {
  test(`serve with the admin port ${what} ${warnings.length > 0 ? "warns" : "does not warn"}`, async () => {
    const gateway = await startGateway({ env });
    try {
      expect(linesOf(gateway, OPEN)).toMatchObject(warnings);
      const answers = ["/livez", "/metrics"].map((path) => fetch(gateway.adminUrl + path));
      const statuses = (await Promise.all(answers)).map(({ status }) => status);
      expect(statuses).toEqual([200, env.ADMIN_TOKEN === undefined ? 200 : 401]);
    } finally {
      await gateway.stop();
    }
    expect(gateway.output()).not.toContain("s3cret");
  }, 20_000);
}
