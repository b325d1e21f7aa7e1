import { expect, test } from "bun:test";
import { createExplain } from "../../src/admin/explain.ts";
import { createOpenApi } from "../../src/admin/openapi/document.ts";
import { SOURCES } from "../support/ports.ts";

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly description: string;
  readonly schema: Record<string, unknown>;
  readonly example?: unknown;
}
interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly security?: readonly Record<string, unknown>[];
  readonly responses: Record<string, { description: string; headers?: object; content?: object }>;
}
type Path = Record<string, Operation>;
interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Path>;
  readonly components: {
    readonly schemas: Record<string, object>;
    readonly securitySchemes: Record<string, object>;
  };
}

// What a reader gets: the JSON.
const document: Document = JSON.parse(JSON.stringify(createOpenApi("1.2.3", "http://localhost:8080")));
const METHODS = ["get", "head", "options"];

function operations(): [string, Operation][] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => METHODS.includes(method))
      .map(([method, operation]): [string, Operation] => [`${method} ${path}`, operation]),
  );
}

function operationOf(path: string): Operation {
  const operation = document.paths[path]?.get;
  if (operation === undefined) throw new Error(`no GET ${path}`);
  return operation;
}

test("createOpenApi has what OpenAPI 3.1 requires of every operation", () => {
  expect(document.openapi).toMatch(/^3\.1\.\d+$/);
  const ids = operations().map(([, { operationId }]) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [where, { parameters = [], responses }] of operations()) {
    expect([where, Object.keys(responses).length]).not.toEqual([where, 0]);
    for (const [status, response] of Object.entries(responses)) {
      expect(status).toMatch(/^[1-5]\d\d$/);
      expect(typeof response.description).toBe("string");
    }
    expect(new Set(parameters.map(({ name }) => name)).size).toBe(parameters.length);
    for (const parameter of parameters) {
      expect(parameter).toMatchObject({ in: "query", schema: {} });
      expect(parameter.name).not.toBe("");
      expect([parameter.name, typeof parameter.description]).toEqual([parameter.name, "string"]);
    }
  }
});

test("createOpenApi refers to nothing that it does not hold", () => {
  for (const [, reference] of JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)) {
    expect(reference).toMatch(/^#\/components\/schemas\//);
    expect(Object.keys(document.components.schemas)).toContain((reference ?? "").split("/").at(-1) ?? "");
  }
});

// The parameter table of RudderStack's Pixel API page, both calls.
const DOCUMENTED = [
  "writeKey",
  "anonymousId",
  "userId",
  "context.library.name",
  "context.library.version",
  "context.platform",
  "context.locale",
  "context.userAgent",
  "context.screen.width",
  "context.screen.height",
  "context.page.path",
  "context.page.url",
  "context.page.referrer",
  "context.page.title",
  "properties",
];

for (const type of ["page", "track"] as const) {
  for (const path of [`/pixel/v1/${type}`, `/pixel/v1/${type}.gif`]) {
    test(`createOpenApi lists every documented parameter of ${path}`, () => {
      const { parameters = [], responses } = operationOf(path);
      const names = parameters.map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining([...DOCUMENTED, type === "page" ? "name" : "event"]));
      const required = parameters.filter((parameter) => parameter.required).map(({ name }) => name);
      expect(required).toEqual(type === "page" ? ["writeKey"] : ["writeKey", "event"]);
      for (const name of ["type", "integrations", "receivedAt", "request_ip", "context.gateway.sourceId"]) {
        expect(names).not.toContain(name);
      }
      expect(Object.keys(responses)).toEqual(["200", "400", "413", "414", "429", "503"]);
      expect(responses["503"]?.headers).toHaveProperty("Retry-After");
      expect(responses["400"]?.headers).toHaveProperty("X-Pixelgate-Error");
    });
  }

  test(`createOpenApi gives an example of ${type} that the gateway takes, parameter by parameter`, () => {
    const { parameters = [] } = operationOf(`/pixel/v1/${type}`);
    const query = parameters
      .filter(({ example }) => example !== undefined)
      .map(({ name, example }) => `${name}=${encodeURIComponent(String(example))}`)
      .join("&");
    const source = SOURCES.get("wk_blog");
    if (source === undefined) throw new Error("no source");
    const explain = createExplain({
      maxUrlBytes: 16384,
      trustedProxies: null,
      stream: { prefix: "pixel" },
      sources: () => new Map([["demo", source]]),
    });
    const { outcome, event } = explain(`/pixel/v1/${type}?${query}`);
    expect(outcome).toBe("accepted");
    expect(event).toMatchObject({ context: { library: { name: "Rudderstack AMP SDK" }, platform: "AMP" } });
  });
}

test("createOpenApi describes the routes of the admin port", () => {
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining([
      "/livez",
      "/readyz",
      "/version",
      "/metrics",
      "/openapi.json",
      "/explain",
      "/live",
    ]),
  );
});

test("createOpenApi tells which routes of the admin port ask for the token, and how it is sent", () => {
  const { securitySchemes } = document.components;
  const routes = Object.entries(document.paths).filter(([path]) => !path.startsWith("/pixel/"));
  for (const [path, { get }] of routes) {
    const isOpen = ["/livez", "/readyz", "/health"].includes(path);
    expect([path, "401" in (get?.responses ?? {})]).toEqual([path, !isOpen]);
    const schemes = (get?.security ?? []).flatMap((one) => Object.keys(one));
    expect([path, schemes]).toEqual([path, isOpen ? [] : Object.keys(securitySchemes)]);
  }
  expect(securitySchemes).toMatchObject({
    adminToken: { scheme: "bearer" },
    adminPassword: { scheme: "basic" },
  });
});
