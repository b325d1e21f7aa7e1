// The schema of /status.json, held to what the admin port answers.
import { afterAll, expect, test } from "bun:test";
import { createOpenApi } from "../../src/admin/openapi/document.ts";
import { IDLE, openPorts } from "../support/ports.ts";
import { destination, NO_ACK, SHORT_WINDOW } from "../support/troubles.ts";

interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

const ports = openPorts();
afterAll(() => ports.close());

const { Status } = (
  JSON.parse(JSON.stringify(createOpenApi("1.2.3", "http://localhost:8080"))) as {
    components: { schemas: { Status: Schema } };
  }
).components.schemas;

/** Every place where a value is not what its schema says, by its path; a field that the schema does not know is one. */
function differences(schema: Schema, value: unknown, path: string): string[] {
  if (schema.enum !== undefined) return schema.enum.includes(value) ? [] : [`${path} is none of the choices`];
  const kind = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  const types = [schema.type ?? []].flat().map((type) => (type === "integer" ? "number" : type));
  if (!types.includes(kind)) return [`${path} is ${kind}`];
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => differences(schema.items ?? {}, item, `${path}.${index}`));
  }
  if (kind !== "object") return [];
  const fields = Object.entries(value as Record<string, unknown>);
  const missing = (schema.required ?? []).filter((name) => !fields.some(([key]) => key === name));
  return [
    ...missing.map((name) => `${path}.${name} is missing`),
    ...fields.flatMap(([name, field]) => {
      const known = schema.properties?.[name];
      return known === undefined
        ? [`${path}.${name} is unknown`]
        : differences(known, field, `${path}.${name}`);
    }),
  ];
}

test("createOpenApi describes each field of /status.json as it is answered, well and in trouble", async () => {
  const shut = destination("warehouse", { state: "shut", reason: "full", sinceMs: 90_000, oldestMs: 80_000 });
  const troubled = { ...IDLE, destinations: [shut, destination("b")], findings: [NO_ACK, SHORT_WINDOW] };
  for (const state of [null, troubled]) {
    ports.world.state = state;
    const status: unknown = await (await fetch(`${ports.adminUrl}/status.json`)).json();
    expect(differences(Status, status, "status")).toEqual([]);
  }
});
