import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { type Gateway, runCommand, startGateway } from "../support/gatewayprocess.ts";
import { whyNot } from "../support/system.ts";
import { unless } from "../support/unless.ts";
import { buildImage, confine, type Image, readInstructions, readLabels, whyNotConfined } from "./image.ts";

// The build alone takes some seconds.
setDefaultTimeout(120_000);

const folder = mkdtempSync(join(tmpdir(), "pixelgate-binary-"));
const hostile = join(folder, "hostile");
const PIXEL = "/pixel/v1/page?writeKey=demo&anonymousId=a1&name=Home";
let image: Image;

beforeAll(() => {
  image = buildImage(folder, { VERSION: manifest.version });
  mkdirSync(hostile);
  writeFileSync(join(hostile, ".env"), "PORT=1\nLOG_LEVEL=no-such-level\n");
  writeFileSync(join(hostile, "bunfig.toml"), 'preload = ["./missing.ts"]\n[serve]\nport = 1\n');
  writeFileSync(join(hostile, "package.json"), '{ "type": 1, "imports": { "nats": "./missing.ts" } ');
  writeFileSync(
    join(hostile, "tsconfig.json"),
    '{ "compilerOptions": { "paths": { "*": ["./missing/*"] } } }',
  );
  mkdirSync(join(hostile, "node_modules/nats"), { recursive: true });
  writeFileSync(join(hostile, "node_modules/nats/index.js"), "throw new Error('not ours');\n");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the binary in the hostile folder to its end. */
function runBinary(words: readonly string[], env: Record<string, string> = {}) {
  return runCommand(words, env, [image.binary], hostile);
}

function adminOf(gateway: Gateway): string {
  return /"live":"(http:[^"]+)"/.exec(gateway.output())?.[1] ?? "";
}

/** Sends one pixel that is taken and one that is not, and checks what the admin port counts. */
async function useGateway(gateway: Gateway): Promise<void> {
  const taken = await fetch(gateway.url + PIXEL);
  expect([taken.status, await taken.text()]).toEqual([200, "OK"]);
  const refused = await fetch(`${gateway.url}/pixel/v1/track?writeKey=demo`);
  expect([refused.status, await refused.text()]).toEqual([400, "track: Mandatory field 'event' missing"]);
  const metrics = await (await fetch(`${adminOf(gateway)}/metrics`)).text();
  expect(metrics).toContain('pixelgate_accepted_total{source="demo",type="page"} 1\n');
  expect(metrics).toContain('pixelgate_rejected_total{source="demo",type="track",reason=');
  expect(metrics).toContain("process_resident_memory_bytes ");
  const page = await fetch(adminOf(gateway));
  expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
}

test("pixelgate, built, takes a pixel in a hostile working directory and stops on SIGTERM", async () => {
  const gateway = await startGateway({
    command: [image.binary],
    cwd: hostile,
    env: { NODE_ENV: "development" },
  });
  try {
    await useGateway(gateway);
  } finally {
    expect(await gateway.stop("SIGTERM")).toBe(0);
  }
  for (const line of gateway.output().trim().split("\n")) expect(JSON.parse(line)).toHaveProperty("msg");
});

unless(whyNot("script")).test("pixelgate, built, writes readable lines on a terminal", async () => {
  const env = { HOST: "127.0.0.1", PORT: "0", ADMIN_PORT: "0", PIXELGATE_DATA_DIR: join(folder, "terminal") };
  // `script` is a terminal to the gateway; `timeout` sends SIGTERM after it has said where it listens.
  const { code, stdout, stderr } = await runCommand([], env, [
    "script",
    "--quiet",
    "--return",
    "--command",
    `timeout --preserve-status --signal=TERM 2 ${image.binary}`,
    "/dev/null",
  ]);
  expect(stderr).toBe("");
  expect(stdout).toContain("listening");
  expect(stdout).not.toContain('{"level"');
  expect(code).toBe(0);
});

test("pixelgate --version, built, prints the version of package.json", async () => {
  expect(await runBinary(["--version"])).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: "" });
});

test("pixelgate --help, built, names every verb", async () => {
  const { code, stdout } = await runBinary(["--help"]);
  expect(code).toBe(0);
  for (const verb of ["serve", "tail", "explain", "check", "schema", "health"]) {
    expect(stdout).toContain(`pixelgate ${verb}`);
  }
});

test("pixelgate schema, built, prints a JSON Schema of each kind", async () => {
  for (const kind of [[], ["page"], ["track"], ["config"]]) {
    const { code, stdout } = await runBinary(["schema", ...kind]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toHaveProperty("$schema");
  }
});

test("pixelgate check, built, accepts the sample file and names the faults of a bad one", async () => {
  const sample = join(import.meta.dirname, "../../deploy/pixelgate/pixelgate.json");
  const good = await runBinary(["check", sample]);
  expect(good.code).toBe(0);
  expect(good.stdout).toContain("source demo\n");
  const bad = join(folder, "bad.json");
  writeFileSync(bad, '{ "sources": [{ "id": "a b", "writeKey": "k", "destinations": ["x"] }] }');
  const { code, stdout, stderr } = await runBinary(["check", bad]);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toContain("sources[0].id: ");
  expect(stderr).toContain("destinations: is missing");
});

test("pixelgate explain, built, prints the event of a URL", async () => {
  const { code, stdout } = await runBinary(["explain", PIXEL]);
  expect(code).toBe(0);
  expect(stdout).toContain('"pixel.demo.page"');
});

test("pixelgate health, built, exits with 0 beside a gateway and with 1 without one", async () => {
  const gateway = await startGateway({ command: [image.binary], cwd: hostile });
  const env = { ...gateway.env, PORT: String(gateway.port) };
  expect(await runBinary(["health"], env)).toEqual({ code: 0, stdout: "", stderr: "" });
  await gateway.stop();
  const { code, stderr } = await runBinary(["health"], env);
  expect(code).toBe(1);
  expect(stderr).toStartWith("Cannot reach the gateway: ");
});

const confined = unless(whyNotConfined());

confined.test("image runs without root on a read-only root file system", async () => {
  const data = join(image.root, "data");
  const gateway = await startGateway({
    command: confine(image, image.entrypoint),
    dataDir: folder,
    env: image.env,
  });
  try {
    await useGateway(gateway);
    const status = readFileSync(`/proc/${gateway.pid}/status`, "utf8");
    expect(status).toMatch(new RegExp(`^Uid:\\s+${image.user}\\s+${image.user}\\s`, "m"));
    expect(status).toMatch(/^CapEff:\s+0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
    const health = confine(image, image.healthcheck);
    const env = { ...image.env, PORT: String(gateway.port) };
    expect(await runCommand([], env, health)).toEqual({ code: 0, stdout: "", stderr: "" });
  } finally {
    expect(await gateway.stop("SIGTERM")).toBe(0);
  }
  expect(readdirSync(data).length).toBeGreaterThan(0);
  for (const name of readdirSync(data)) expect(statSync(join(data, name)).uid).toBe(image.user);
  const { code } = await runCommand(
    [],
    { ...image.env, PORT: String(gateway.port) },
    confine(image, image.healthcheck),
  );
  expect(code).toBe(1);
});

confined.test("image runs several workers", async () => {
  const gateway = await startGateway({
    command: confine(image, image.entrypoint),
    dataDir: folder,
    env: { ...image.env, PIXELGATE_WORKERS: "2" },
  });
  try {
    await useGateway(gateway);
  } finally {
    expect(await gateway.stop("SIGTERM")).toBe(0);
  }
});

confined.test("image says in one line that its data folder takes no writes", async () => {
  const env = { ...image.env, PORT: "0", ADMIN_PORT: "0", PIXELGATE_DATA_DIR: "/etc" };
  const { code, stderr } = await runCommand([], env, confine(image, image.entrypoint));
  expect(code).toBe(1);
  expect(stderr).toMatch(/^Cannot use the data directory "\/etc": the file system is read-only\n$/);
});

test("image holds the binary, the C library and nothing else", () => {
  const entries = readdirSync(image.root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files) {
    expect(file.slice(image.root.length)).toMatch(
      /^\/(pixelgate|data\/.+|etc\/passwd|(usr\/)?lib(64)?\/.+\.so(\.\d+)?)$/,
    );
  }
  expect(files.length).toBeGreaterThan(4);
});

test("Dockerfile labels the image with the version that its builder is given, and builds with its engine", () => {
  const text = readFileSync(join(import.meta.dirname, "../../Dockerfile"), "utf8");
  const [from, ...rest] = readInstructions(text);
  expect(from).toEqual({
    word: "FROM",
    rest: `oven/bun:${manifest.devDependencies["bun-types"]}-debian AS build`,
  });
  const version = "org.opencontainers.image.version";
  expect(image.labels).toMatchObject({
    "org.opencontainers.image.title": "Pixelgate",
    "org.opencontainers.image.licenses": manifest.license,
    [version]: manifest.version,
  });
  expect(readLabels(rest, {})[version]).toBe("dev");
});
