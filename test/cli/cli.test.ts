import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TSchema, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import manifest from "../../package.json" with { type: "json" };
import { SETTINGS } from "../../src/config/settings.ts";
import { type Gateway, runCommand, startGateway } from "../support/gatewayprocess.ts";

const folder = mkdtempSync(join(tmpdir(), "pixelgate-cli-"));
const file = join(folder, "pixelgate.json");
writeFileSync(
  file,
  JSON.stringify({
    sources: [
      { id: "blog", writeKey: "wk_blog", destinations: ["warehouse", "alerts"] },
      { id: "old", writeKey: "wk_old", destinations: [], enabled: false },
    ],
    destinations: [{ id: "warehouse" }, { id: "alerts", events: ["track"] }],
  }),
);
afterAll(() => rmSync(folder, { recursive: true }));

describe("pixelgate", () => {
  test("--help names every command and every setting with its default, on stdout", async () => {
    const { code, stdout, stderr } = await runCommand(["--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const spool = ["list", "export", "retry", "discard", "drain"].map((action) => `spool ${action} [dir]`);
    for (const verb of ["serve", "tail", ...spool, "explain", "check", "schema", "health"]) {
      expect(stdout).toContain(`pixelgate ${verb}`);
    }
    for (const [name, { fallback }] of Object.entries(SETTINGS)) {
      expect(stdout).toContain(name);
      expect(stdout).toContain(fallback);
    }
  });

  test("--version prints the version alone", async () => {
    expect(await runCommand(["--version"])).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: "" });
  });

  const WRONG: readonly (readonly [readonly string[], RegExp])[] = [
    [["srve"], /^Cannot run "srve": no such command\. Try: pixelgate --help\n$/],
    [["toString"], /^Cannot run "toString": no such command\. Try: pixelgate --help\n$/],
    [["--prot"], /^Cannot read the command line: .*'--prot'.*Try: pixelgate --help\n$/],
    [["serve", "now"], /^Cannot run serve: "now" is one word too many\. Try: pixelgate --help\n$/],
    [["tail", "--type", "identify"], /^Cannot tail: --type "identify" is not page or track\n$/],
    [["explain"], /^Cannot explain: no URL given\. Try: pixelgate explain '<url>'\n$/],
    [["schema", "event"], /^Cannot print the schema "event": it is not page, track, config\n$/],
    [["schema", "constructor"], /^Cannot print the schema "constructor": it is not page, track, config\n$/],
    [["check", "/nowhere.json"], /^Cannot read \/nowhere\.json: no such file\n$/],
  ];
  for (const [words, line] of WRONG) {
    test(`${words.join(" ")} ends with exit code 2 and one line on stderr`, async () => {
      const { code, stdout, stderr } = await runCommand(words);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toMatch(line);
    });
  }

  test("check prints what a configuration file resolves to, and no write key", async () => {
    const { code, stdout } = await runCommand(["check", file]);
    expect(code).toBe(0);
    expect(stdout).toBe(
      [
        "source blog",
        "  page  → pixel.warehouse.page",
        "  track → pixel.warehouse.track, pixel.alerts.track",
        "source old (disabled)",
        "  page  → nowhere: no destination takes it",
        "  track → nowhere: no destination takes it",
        "stream PIXEL",
        "  takes pixel.>",
        "  keeps 3d, any size, 1 replica",
        "",
      ].join("\n"),
    );
  });

  test("check names every fault", async () => {
    const broken = join(folder, "broken.json");
    writeFileSync(broken, JSON.stringify({ sources: [{ id: "_a", writeKey: "k" }], destinations: [] }));
    const { code, stderr } = await runCommand(["check", broken]);
    expect(code).toBe(2);
    expect(stderr.trim().split("\n").length).toBe(3);
    for (const path of ["sources[0].id", "sources[0].destinations", "destinations"]) {
      expect(stderr).toContain(`${broken}: ${path}: `);
    }
  });

  test("schema config is the schema of a file, which takes no strange key", async () => {
    const { code, stdout } = await runCommand(["schema", "config"]);
    expect(code).toBe(0);
    const schema = JSON.parse(stdout) as {
      properties: Record<string, unknown>;
      additionalProperties: boolean;
    };
    expect(Object.keys(schema.properties)).toEqual(["$schema", "sources", "destinations"]);
    expect(schema.additionalProperties).toBe(false);
  });

  for (const type of ["page", "track"]) {
    test(`schema ${type} is the schema of the event that explain shows`, async () => {
      const schema = JSON.parse((await runCommand(["schema", type])).stdout) as TSchema;
      expect(schema.$schema).toContain("json-schema.org");
      const explained = await runCommand(["explain", `/pixel/v1/${type}?writeKey=demo&event=Signup`]);
      const { event } = JSON.parse(explained.stdout) as { event: Record<string, unknown> };
      for (const name of schema.required as string[]) expect(event).toHaveProperty(name);
      expect(Value.Check(Type.Object({ type: Type.Literal(type) }), event)).toBe(true);
    });
  }

  test("explain prints the event and its messages, by the configuration file", async () => {
    const url = "https://pixel.example/pixel/v1/track?writeKey=wk_blog&event=Signup&properties.plan=pro";
    const { code, stdout } = await runCommand(["explain", url], { PIXELGATE_CONFIG: file });
    expect(code).toBe(0);
    const explanation = JSON.parse(stdout);
    expect(explanation).toMatchObject({ outcome: "accepted", status: 200, source: "blog" });
    expect(explanation.event.properties).toEqual({ plan: "pro" });
    expect(explanation.messages.map(({ subject }: { subject: string }) => subject)).toEqual([
      "pixel.warehouse.track",
      "pixel.alerts.track",
    ]);
  });

  test("explain ends with exit code 1 for what would be refused, and says why", async () => {
    const { code, stdout } = await runCommand(["explain", "/pixel/v1/page?writeKey=nobody"]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: "rejected",
      status: 400,
      reason: "invalid write key",
    });
  });
});

describe("pixelgate serve says in one line why it cannot start", () => {
  test("when the admin port is taken", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    const env = {
      HOST: "127.0.0.1",
      PORT: "0",
      ADMIN_PORT: String(port),
      PIXELGATE_DATA_DIR: join(folder, "b"),
    };
    const { code, stderr } = await runCommand(["serve"], env);
    server.close();
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `Cannot listen on 127.0.0.1:${port}: the port is in use; set ADMIN_PORT to another\n`,
    });
  });

  test("when the data directory cannot be made", async () => {
    const env = { PORT: "0", ADMIN_PORT: "0", PIXELGATE_DATA_DIR: join(file, "data") };
    const { code, stderr } = await runCommand(["serve"], env);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Cannot create the data directory ".*pixelgate\.json\/data": .+\n$/);
  });
});

describe("pixelgate beside a running gateway", () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(async () => {
    await gateway.stop();
  });

  test("health ends with exit code 0, and 1 when nothing answers", async () => {
    const env = { HOST: "127.0.0.1", PORT: String(gateway.port) };
    expect(await runCommand(["health"], env)).toEqual({ code: 0, stdout: "", stderr: "" });
    const gone = await runCommand(["health"], { HOST: "127.0.0.1", PORT: "1" });
    expect(gone.code).toBe(1);
    expect(gone.stderr).toBe("Cannot reach the gateway: nothing answers at http://127.0.0.1:1/health\n");
  });
});

test("the log of a gateway holds no write key and no credential", async () => {
  const gateway = await startGateway({
    env: { PIXELGATE_CONFIG: file, NATS_URL: "nats://someone:s3cret@127.0.0.1:1" },
  });
  await fetch(`${gateway.url}/pixel/v1/page?writeKey=wk_blog`);
  await fetch(`${gateway.url}/pixel/v1/track?writeKey=wk_blog`);
  await fetch(`${gateway.url}/pixel/v1/page?writeKey=wk_wrong`);
  await gateway.stop();
  for (const secret of ["wk_blog", "wk_old", "wk_wrong", "s3cret"])
    expect(gateway.output()).not.toContain(secret);
  for (const line of gateway.output().trim().split("\n")) expect(() => JSON.parse(line)).not.toThrow();
});
