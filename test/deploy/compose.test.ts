import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { Type } from "@sinclair/typebox";
import manifest from "../../package.json" with { type: "json" };
import { guardHost } from "../../src/admin/hostguard.ts";
import { loadConfiguration } from "../../src/config/configuration.ts";
import { readConfig } from "../../src/config/environment.ts";
import { ConfigFile } from "../../src/config/schema.ts";
import { SETTINGS } from "../../src/config/settings.ts";
import { whyNot } from "../support/system.ts";
import { unless } from "../support/unless.ts";
import { checkShape, isHere, ROOT, readText, readYaml, runTool, strict } from "./files.ts";
import { readInstructions } from "./image.ts";

const Duration = Type.String({ pattern: "^[0-9]+s$" });
const Names = Type.Array(Type.String());
const Service = strict({
  build: Type.Optional(strict({ context: Type.Literal("."), args: strict({ VERSION: Type.String() }) })),
  // A name and a full version; nothing with a host in it. Ours has the version of whoever builds it.
  image: Type.String({
    pattern: "^[a-z]+(/[a-z]+)?:(v?[0-9]+\\.[0-9]+\\.[0-9]+(-alpine)?|\\$\\{VERSION:-dev\\})$",
  }),
  user: Type.String({ pattern: "^[0-9]+:[0-9]+$" }),
  command: Type.Optional(Names),
  depends_on: Type.Optional(Names),
  environment: Type.Optional(Type.Record(Type.String(), Type.String())),
  ports: Type.Optional(Type.Array(Type.String({ pattern: "^(127\\.0\\.0\\.1:)?[0-9]+:[0-9]+$" }))),
  volumes: Type.Optional(Type.Array(Type.String({ pattern: "^[^:]+:/[^:]+(:ro,z)?$" }))),
  tmpfs: Type.Optional(Type.Array(Type.String({ pattern: "^/[a-z/]+:size=[0-9]+m$" }))),
  healthcheck: strict({
    test: Type.Array(Type.String(), { minItems: 2 }),
    interval: Duration,
    timeout: Duration,
    retries: Type.Integer({ minimum: 1 }),
    start_period: Duration,
  }),
  read_only: Type.Literal(true),
  cap_drop: Type.Tuple([Type.Literal("ALL")]),
  security_opt: Type.Tuple([Type.Literal("no-new-privileges:true")]),
  restart: Type.Literal("unless-stopped"),
  stop_grace_period: Duration,
});
const Compose = strict({
  "x-locked": Type.Unknown(),
  "x-nats": Type.Unknown(),
  services: Type.Record(Type.String(), Service),
  volumes: Type.Record(Type.String(), Type.Null()),
});

const { services, volumes } = checkShape(Compose, readYaml("compose.yaml")[0]);
const { gateway } = services;
if (gateway === undefined) throw new Error("Cannot test compose.yaml: it has no gateway");
const environment = gateway.environment ?? {};
const dockerfile = readInstructions(readText("Dockerfile"));

/** Where a path of the gateway's container is in the project. */
function hostPath(path: string): string {
  const mounts = (gateway?.volumes ?? []).map((volume) => volume.split(":"));
  const [from = "", to = ""] = mounts.find(([, to]) => path.startsWith(`${to}/`)) ?? [];
  return join(ROOT, from, path.slice(to.length));
}

const client = [["docker", "compose"], ["docker-compose"]].find((words) => isHere(...words, "version"));
const obstacle = client === undefined ? (whyNot("docker-compose") ?? "docker-compose does not run") : null;

unless(obstacle).test("compose.yaml is read by docker compose", () => {
  const resolved = runTool([...(client ?? []), "-f", "compose.yaml", "config"]);
  for (const name of Object.keys(services)) expect(resolved).toContain(`\n  ${name}:\n`);
});

test("compose.yaml mounts what exists, declares the volumes it uses, and waits for services it has", () => {
  const used = new Set<string>();
  for (const service of Object.values(services)) {
    for (const volume of service.volumes ?? []) {
      const [from = "", , mode] = volume.split(":");
      if (from.startsWith("./")) {
        expect(existsSync(join(ROOT, from))).toBe(true);
        expect(mode).toBe("ro,z");
      } else used.add(from);
    }
    for (const name of service.depends_on ?? []) expect(services).toHaveProperty([name]);
  }
  expect(used).toEqual(new Set(Object.keys(volumes)));
});

test("compose.yaml opens the port for pixels to the network, and every other to this machine alone", () => {
  const ports = Object.values(services).flatMap((service) => service.ports ?? []);
  expect(ports.filter((port) => !port.startsWith("127.0.0.1:"))).toEqual(["8080:8080"]);
  const published = ports.map((port) => port.split(":").at(-2));
  expect(new Set(published).size).toBe(published.length);
});

test("compose.yaml gives the gateway an environment that it reads, and a file that it takes", () => {
  for (const name of Object.keys(environment)) expect(SETTINGS).toHaveProperty([name]);
  const config = readConfig(environment);
  if (Array.isArray(config)) throw new Error(config.join("\n"));
  const loaded = loadConfiguration(hostPath(config.configFile ?? ""), config.stream);
  if (Array.isArray(loaded)) throw new Error(loaded.join("\n"));
  expect(loaded.sources.get("demo")?.enabled).toBe(true);
  const published = gateway.ports?.map((port) => Number(port.split(":").at(-1)));
  expect(published).toEqual([config.port, config.adminPort]);
  expect(config.adminHost).toBe("0.0.0.0");
  const grace = Number.parseInt(gateway.stop_grace_period, 10) * 1000;
  expect(grace).toBeGreaterThan(config.shutdownDelayMs + config.shutdownTimeoutMs);
});

test("compose.yaml lets Prometheus in by the name that it scrapes", () => {
  const config = readConfig(environment);
  if (Array.isArray(config)) throw new Error(config.join("\n"));
  const [, target = ""] =
    /targets: \["(gateway:\d+)"\]/.exec(readText("deploy/prometheus/prometheus.yml")) ?? [];
  const scrape = new Request("http://127.0.0.1/metrics", { headers: { Host: target } });
  expect(guardHost(scrape, config.adminAllowedHosts)).toBeNull();
});

test("prometheus.yml says how to send a token, with a file where compose.yaml puts it", () => {
  const commented = readText("deploy/prometheus/prometheus.yml").replace("# authorization", "authorization");
  const config = Bun.YAML.parse(commented) as {
    scrape_configs: { authorization?: { credentials_file: string } }[];
  };
  const file = config.scrape_configs[0]?.authorization?.credentials_file ?? "";
  expect(services.prometheus?.volumes).toContain(`./deploy/prometheus:${dirname(file)}:ro,z`);
  expect(readText(".gitignore").split("\n")).toContain(`deploy/prometheus/${basename(file)}`);
});

test("compose.yaml runs one NATS node for each server of NATS_URL, each route and each replica", () => {
  const nodes = Object.keys(services).filter((name) => name.startsWith("nats-"));
  expect(environment.NATS_URL?.split(",")).toEqual(nodes.map((name) => `nats://${name}:4222`));
  expect(environment.PIXELGATE_STREAM_REPLICAS).toBe(String(nodes.length));
  for (const name of nodes) {
    expect(services[name]?.environment).toEqual({ NATS_NAME: name });
    expect(services[name]?.volumes).toContain(`${name}:/data`);
  }
  const routes = readText("deploy/nats/nats.conf").match(/(?<=nats:\/\/)[^:]+(?=:6222)/g) ?? [];
  expect<string[]>(routes).toEqual(nodes);
});

test("compose.yaml runs the image as the Dockerfile builds it", () => {
  const fallback = dockerfile.find(({ word }) => word === "ARG")?.rest.replace("VERSION=", "");
  expect(gateway.build?.args).toEqual({ VERSION: `\${VERSION:-${fallback}}` });
  expect(gateway.image).toBe(`${manifest.name}:${gateway.build?.args.VERSION}`);
  expect(gateway.user).toBe(dockerfile.findLast(({ word }) => word === "USER")?.rest ?? "");
  const [, command = "[]"] = dockerfile.find(({ word }) => word === "HEALTHCHECK")?.rest.split("CMD ") ?? [];
  expect(gateway.healthcheck.test).toEqual(["CMD", ...JSON.parse(command)]);
});

test("pixelgate.schema.json is what pixelgate schema config prints", () => {
  const schema = JSON.parse(readText("deploy/pixelgate/pixelgate.schema.json"));
  const { $schema, ...rest } = schema;
  expect($schema).toBe("https://json-schema.org/draft/2020-12/schema");
  expect(rest).toEqual(JSON.parse(JSON.stringify(ConfigFile)));
  const sample = JSON.parse(readText("deploy/pixelgate/pixelgate.json"));
  expect(sample.$schema).toBe("./pixelgate.schema.json");
});
