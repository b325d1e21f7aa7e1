import { expect, test } from "bun:test";
import { type TSchema, Type } from "@sinclair/typebox";
import manifest from "../../package.json" with { type: "json" };
import { readConfig } from "../../src/config/environment.ts";
import { SETTINGS } from "../../src/config/settings.ts";
import { resolved } from "../support/configuration.ts";
import { openPorts } from "../support/ports.ts";
import { checkShape, readText, readYaml, strict } from "./files.ts";
import { readInstructions } from "./image.ts";

// The part of the Kubernetes API that the manifest uses, as API references of 1.30 and later have it.
const Text = Type.String({ minLength: 1 });
const Labels = strict({ "app.kubernetes.io/name": Type.Literal("pixelgate") });
const Selector = strict({ matchLabels: Labels });
const Meta = strict({ name: Text, labels: Labels });
const Quantity = Type.String({ pattern: "^[0-9]+(m|Mi|Gi)?$" });
const Probe = strict({
  httpGet: strict({ path: Type.String({ pattern: "^/" }), port: Text }),
  periodSeconds: Type.Integer({ minimum: 1 }),
  timeoutSeconds: Type.Optional(Type.Integer({ minimum: 1 })),
  failureThreshold: Type.Integer({ minimum: 1 }),
});
const Container = strict({
  name: Text,
  image: Text,
  env: Type.Array(strict({ name: Text, value: Type.String() })),
  envFrom: Type.Array(strict({ secretRef: strict({ name: Text, optional: Type.Literal(true) }) })),
  ports: Type.Array(strict({ name: Text, containerPort: Type.Integer() })),
  startupProbe: Probe,
  livenessProbe: Probe,
  readinessProbe: Probe,
  resources: strict({
    requests: strict({ cpu: Quantity, memory: Quantity }),
    limits: strict({ memory: Quantity }),
  }),
  securityContext: strict({
    allowPrivilegeEscalation: Type.Literal(false),
    readOnlyRootFilesystem: Type.Literal(true),
    capabilities: strict({ drop: Type.Tuple([Type.Literal("ALL")]) }),
  }),
  volumeMounts: Type.Array(
    strict({ name: Text, mountPath: Text, readOnly: Type.Optional(Type.Literal(true)) }),
  ),
});
const Pod = strict({
  automountServiceAccountToken: Type.Literal(false),
  enableServiceLinks: Type.Literal(false),
  terminationGracePeriodSeconds: Type.Integer(),
  topologySpreadConstraints: Type.Array(
    strict({
      maxSkew: Type.Literal(1),
      topologyKey: Text,
      whenUnsatisfiable: Type.Literal("ScheduleAnyway"),
      labelSelector: Selector,
    }),
  ),
  securityContext: strict({
    runAsNonRoot: Type.Literal(true),
    runAsUser: Type.Integer(),
    runAsGroup: Type.Integer(),
    fsGroup: Type.Integer(),
    fsGroupChangePolicy: Type.Literal("OnRootMismatch"),
    seccompProfile: strict({ type: Type.Literal("RuntimeDefault") }),
  }),
  containers: Type.Tuple([Container]),
  volumes: Type.Array(strict({ name: Text, configMap: strict({ name: Text }) })),
});
const Claim = strict({
  metadata: strict({ name: Text }),
  spec: strict({
    accessModes: Type.Tuple([Type.Literal("ReadWriteOnce")]),
    resources: strict({ requests: strict({ storage: Quantity }) }),
  }),
});
const NetworkPort = strict({ protocol: Type.Literal("TCP"), port: Text });

const kind = <T extends Record<string, TSchema>>(apiVersion: string, name: string, rest: T) =>
  strict({ apiVersion: Type.Literal(apiVersion), kind: Type.Literal(name), metadata: Meta, ...rest });
const ConfigMap = kind("v1", "ConfigMap", { data: strict({ "pixelgate.json": Text }) });
const Service = kind("v1", "Service", {
  spec: strict({
    clusterIP: Type.Optional(Type.Literal("None")),
    selector: Labels,
    ports: Type.Array(strict({ name: Text, port: Type.Integer(), targetPort: Text })),
  }),
});
const StatefulSet = kind("apps/v1", "StatefulSet", {
  spec: strict({
    serviceName: Text,
    replicas: Type.Integer({ minimum: 2 }),
    podManagementPolicy: Type.Literal("Parallel"),
    minReadySeconds: Type.Integer(),
    selector: Selector,
    template: strict({
      metadata: strict({ labels: Labels, annotations: Type.Record(Type.String(), Type.String()) }),
      spec: Pod,
    }),
    volumeClaimTemplates: Type.Tuple([Claim]),
  }),
});
const Budget = kind("policy/v1", "PodDisruptionBudget", {
  spec: strict({ maxUnavailable: Type.Literal(1), selector: Selector }),
});
const NetworkPolicy = kind("networking.k8s.io/v1", "NetworkPolicy", {
  spec: strict({
    podSelector: Selector,
    policyTypes: Type.Tuple([Type.Literal("Ingress")]),
    ingress: Type.Array(
      strict({
        from: Type.Optional(
          Type.Array(
            strict({ namespaceSelector: strict({ matchLabels: Type.Record(Type.String(), Type.String()) }) }),
          ),
        ),
        ports: Type.Array(NetworkPort),
      }),
    ),
  }),
});

const documents = readYaml("deploy/kubernetes.yaml");
const [configMap, service, headless, set, , policy] = checkShape(
  Type.Tuple([ConfigMap, Service, Service, StatefulSet, Budget, NetworkPolicy]),
  documents,
);
const pod = set.spec.template.spec;
const [container] = pod.containers;
const environment = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));

function configOf() {
  const config = readConfig({ ...environment, PIXELGATE_CONFIG: "" });
  if (Array.isArray(config)) throw new Error(config.join("\n"));
  return config;
}

function bytesOf(quantity: string): number {
  return Number.parseInt(quantity, 10) * (quantity.endsWith("Gi") ? 1024 ** 3 : 1024 ** 2);
}

test("kubernetes.yaml gives the gateway an environment that it reads, and a file that it takes", () => {
  for (const name of Object.keys(environment)) expect(SETTINGS).toHaveProperty([name]);
  expect(() => resolved(JSON.parse(configMap.data["pixelgate.json"]))).not.toThrow();
  const mount = container.volumeMounts.find(({ name }) => name === "config");
  expect(environment.PIXELGATE_CONFIG).toBe(`${mount?.mountPath}/pixelgate.json`);
  expect(pod.volumes).toEqual([{ name: "config", configMap: { name: configMap.metadata.name } }]);
});

test("kubernetes.yaml keeps the spool on a volume of the pod's own, larger than the spool may grow", () => {
  const [claim] = set.spec.volumeClaimTemplates;
  const mount = container.volumeMounts.find(({ name }) => name === claim.metadata.name);
  const config = configOf();
  expect(mount).toEqual({ name: "data", mountPath: config.dataDir });
  expect(bytesOf(claim.spec.resources.requests.storage)).toBeGreaterThan(config.spoolMaxBytes);
});

test("kubernetes.yaml leaves the gateway the time that its shutdown takes", () => {
  const config = configOf();
  expect(config.shutdownDelayMs).toBeGreaterThanOrEqual(5000);
  const shutdown = config.shutdownDelayMs + config.shutdownTimeoutMs;
  expect(pod.terminationGracePeriodSeconds * 1000).toBeGreaterThan(shutdown);
});

test("kubernetes.yaml names ports that the gateway listens on, and opens no private one", () => {
  const config = configOf();
  expect(container.ports).toEqual([
    { name: "http", containerPort: config.port },
    { name: "admin", containerPort: config.adminPort },
  ]);
  expect(config.adminHost).toBe("0.0.0.0");
  for (const { spec } of [service, headless]) {
    expect(spec.ports.map(({ targetPort }) => targetPort)).toEqual(["http"]);
  }
  expect(headless).toMatchObject({ metadata: { name: set.spec.serviceName }, spec: { clusterIP: "None" } });
  const { "prometheus.io/port": scraped } = set.spec.template.metadata.annotations;
  expect(scraped).toBe(String(config.adminPort));
  const open = policy.spec.ingress.filter(({ from }) => from === undefined);
  expect(open.flatMap(({ ports }) => ports.map(({ port }) => port))).toEqual(["http"]);
});

test("kubernetes.yaml probes pages that the admin port has", async () => {
  const ports = openPorts();
  try {
    const { startupProbe, livenessProbe, readinessProbe } = container;
    for (const { httpGet } of [startupProbe, livenessProbe, readinessProbe]) {
      expect(httpGet.port).toBe("admin");
      expect((await fetch(ports.adminUrl + httpGet.path)).status).toBe(200);
    }
    const { "prometheus.io/path": path } = set.spec.template.metadata.annotations;
    expect((await fetch(ports.adminUrl + path)).status).toBe(200);
    // While it drains it must not be killed, only left alone.
    ports.world.isDraining = true;
    expect((await fetch(ports.adminUrl + livenessProbe.httpGet.path)).status).toBe(200);
    expect((await fetch(ports.adminUrl + readinessProbe.httpGet.path)).status).toBe(503);
  } finally {
    await ports.close();
  }
});

test("kubernetes.yaml runs the image as the Dockerfile builds it", () => {
  const dockerfile = readInstructions(readText("Dockerfile"));
  // The tag that an image has which nobody has given a version.
  const arg = dockerfile.find(({ word }) => word === "ARG");
  expect(container.image).toBe(`${manifest.name}:${arg?.rest.replace("VERSION=", "")}`);
  const user = dockerfile.findLast(({ word }) => word === "USER");
  const { runAsUser, runAsGroup, fsGroup } = pod.securityContext;
  expect(`${runAsUser}:${runAsGroup}`).toBe(user?.rest ?? "");
  expect(fsGroup).toBe(runAsGroup);
});
