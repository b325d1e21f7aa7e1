// What the tests of streams share: a layout, a connection, and one look at a stream of a real server.
import type { StreamConfig } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "nats";
import type { Layout, StreamSpec } from "../../src/config/layout.ts";
import type { Finding } from "../../src/delivery/finding.ts";
import { hear } from "../../src/delivery/nats/heard.ts";
import { inspectHeard, inspectStream } from "../../src/delivery/nats/inspect.ts";
import { patternsOf } from "../../src/delivery/nats/interest.ts";
import { ensureStream, lookUpStream, type StreamState } from "../../src/delivery/nats/stream.ts";
import { resolved } from "./configuration.ts";
import { administer, type NatsServer } from "./natsserver.ts";
import { afterTest, STREAM } from "./parts.ts";

/** A layout of destinations for one source, by default `warehouse` and `alerts` in the default stream. */
export function layoutOf(
  destinations: readonly object[] = [{ id: "warehouse" }, { id: "alerts" }],
  stream = STREAM,
): Layout {
  return resolved({ sources: [{ id: "blog", writeKey: "wk_blog", destinations: [] }], destinations }, stream)
    .layout;
}

/** A stream of a layout. */
export function specOf(layout: Layout, name = layout.defaultStream): StreamSpec {
  const spec = layout.streams.get(name);
  if (spec === undefined) throw new Error(`Cannot find stream ${name} in the layout`);
  return spec;
}

/** A connection that is closed after the test. */
export async function connectTo(
  { url }: Pick<NatsServer, "url">,
  user: { readonly user?: string; readonly pass?: string } = {},
): Promise<NatsConnection> {
  const connection = await connect({ servers: url, ...user });
  afterTest(() => connection.close());
  return connection;
}

/** Makes streams as an operator would. */
export async function addStreams(
  { url }: Pick<NatsServer, "url">,
  ...configs: readonly (Partial<StreamConfig> & { name: string })[]
): Promise<void> {
  await administer(url, async (manager) => {
    for (const config of configs) await manager.streams.add(config);
  });
}

/** The settings of a stream as they are. */
export async function configOf({ url }: Pick<NatsServer, "url">, name = "PIXEL"): Promise<StreamConfig> {
  return (await administer(url, (manager) => manager.streams.info(name))).config;
}

/** All that is found of a stream. */
export async function findAll(
  connection: NatsConnection,
  layout = layoutOf(),
  largestEventBytes = 8192,
  name = layout.defaultStream,
): Promise<Finding[]> {
  const spec = specOf(layout, name);
  const state = await lookUpStream(connection, { spec, layout, jetStream: {} });
  const heard = await hear(connection, patternsOf(spec, layout));
  const maxPayload = connection.info?.max_payload ?? 0;
  if (state.is !== "ready") return inspectHeard(heard, spec.name, []);
  return [
    ...inspectStream(state, spec, { largestEventBytes, maxPayload }, layout),
    ...inspectHeard(heard, spec.name, state.info.config.subjects ?? []),
  ];
}

/** Has a gateway of the layout look after one of its streams, with leave to apply its settings or without. */
export async function ensure(
  server: NatsServer,
  layout: Layout,
  name = layout.defaultStream,
  mayApply = true,
): Promise<StreamState> {
  const connection = await connectTo(server);
  return ensureStream(connection, { spec: specOf(layout, name), layout, jetStream: {} }, mayApply);
}

/** What is told of a stream that is there: what was changed, and what differs. */
export function toldOf(state: StreamState): { changed: string[]; differences: string[] } {
  if (state.is !== "ready") throw new Error(JSON.stringify(state));
  return {
    changed: state.changed.map(({ says }) => says),
    differences: state.differences.map(({ says }) => says),
  };
}
