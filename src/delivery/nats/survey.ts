// Looks all streams of a configuration up, once, for a command that tells an operator of them. Changes nothing.
import type { Layout, StreamSpec } from "../../config/layout.ts";
import type { Finding } from "../finding.ts";
import { askedOf, type Heard, hear } from "./heard.ts";
import { inspectHeard, inspectStream } from "./inspect.ts";
import { patternsOf } from "./interest.ts";
import { dial, jetStreamOptions, type NatsOptions } from "./servers.ts";
import { lookUpStream, type ReadyStream, type StreamState } from "./stream.ts";
import { isManaged } from "./wanted.ts";

/** A stream of the configuration, and what was found of it. */
export interface Surveyed {
  readonly spec: StreamSpec;
  readonly state: StreamState;
  readonly findings: readonly Finding[];
  /** Patterns that nobody answers for: no stream takes them, or its leader is away. One with `no_ack` answers nobody, too. */
  readonly unheard: readonly string[];
  /** Patterns that this user may not ask for. */
  readonly unasked: readonly string[];
}

/** What a server says of all streams. */
export interface Survey {
  readonly address: string;
  readonly version: string;
  readonly maxPayload: number;
  readonly streams: readonly Surveyed[];
}

/** Connects, looks each stream up, and asks who answers for its subjects. Throws a `NatsError` when no server answers. */
export async function surveyStreams(
  nats: NatsOptions,
  layout: Layout,
  largestEventBytes: number,
): Promise<Survey> {
  const connection = await dial(nats);
  try {
    const maxPayload = connection.info?.max_payload ?? 0;
    const jetStream = jetStreamOptions(nats);
    const looks = [...layout.streams.values()].map(async (spec) => {
      const [state, heard] = await Promise.all([
        lookUpStream(connection, { spec, layout, jetStream }),
        hear(connection, patternsOf(spec, layout)),
      ]);
      return { spec, state, heard };
    });
    const seen = await Promise.all(looks);
    const yielding = seen.filter(({ state }) => state.is === "ready" && isManaged(state.info.config));
    const limits = { largestEventBytes, maxPayload };
    return {
      address: connection.getServer(),
      version: connection.info?.version ?? "",
      maxPayload,
      streams: seen.map(({ spec, state, heard }) => {
        const ready: ReadyStream | null = state.is === "ready" ? state : null;
        // Before a stream is created, those of Pixelgate's give up what it is to take.
        const lasting =
          ready === null ? without(heard, new Set(yielding.map(({ spec }) => spec.name))) : heard;
        const findings = [
          ...(ready === null ? [] : inspectStream(ready, spec, limits, layout)),
          ...inspectHeard(lasting, spec.name, ready?.info.config.subjects ?? []),
        ];
        return { spec, state, findings, unheard: unheardOf(heard), unasked: unaskedOf(spec, layout, heard) };
      }),
    };
  } finally {
    await connection.close();
  }
}

function unheardOf(heard: readonly Heard[]): string[] {
  return heard.filter(({ streams }) => streams.length === 0).map(({ pattern }) => pattern);
}

function unaskedOf(spec: StreamSpec, layout: Layout, heard: readonly Heard[]): string[] {
  const asked = new Set(heard.map(({ pattern }) => pattern));
  return askedOf(patternsOf(spec, layout)).filter((pattern) => !asked.has(pattern));
}

function without(heard: readonly Heard[], names: ReadonlySet<string>): Heard[] {
  return heard.map(({ pattern, streams }) => ({
    pattern,
    streams: streams.filter((name) => !names.has(name)),
  }));
}
