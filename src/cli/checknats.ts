// `pixelgate check --nats`: the streams of a configuration as NATS has them, in a table, with all that is wrong. Changes
// nothing.
import type { Config } from "../config/environment.ts";
import type { Layout } from "../config/layout.ts";
import { countOf, writeDuration } from "../config/units.ts";
import type { Finding } from "../delivery/finding.ts";
import { reasonOf } from "../delivery/log.ts";
import { largestEventBytes } from "../delivery/nats/inspect.ts";
import { showSome } from "../delivery/nats/pattern.ts";
import type { ReadyStream } from "../delivery/nats/stream.ts";
import { type Survey, type Surveyed, surveyStreams } from "../delivery/nats/survey.ts";
import { showSize } from "../delivery/nats/wanted.ts";
import { Exit } from "./exit.ts";

/** Prints the table; resolves with the exit code, 1 when there is a fault. */
export async function checkNats(config: Config, layout: Layout): Promise<number> {
  if (config.nats === null) throw new Exit(2, "Cannot check NATS: NATS_URL is not set");
  const survey = await surveyStreams(config.nats, layout, largestEventBytes(config.maxUrlBytes)).catch(
    (error: unknown) => {
      throw new Exit(1, `Cannot check NATS: ${reasonOf(error)}`, { cause: error });
    },
  );
  process.stdout.write(`${describeSurvey(survey)}\n`);
  return survey.streams.flatMap(notesOf).some(({ kind }) => kind === "fault") ? 1 : 0;
}

const HEAD = ["stream", "exists", "subjects", "retention", "replicas", "limits"];

/** The server on a line, then a row a stream, below it what was found, and how many of that at the end. */
function describeSurvey({ address, version, maxPayload, streams }: Survey): string {
  const rows = [HEAD, ...streams.map(rowOf)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const [head = "", ...lines] = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const notes = streams.map(notesOf);
  const count = (kind: Note["kind"]) => notes.flat().filter((one) => one.kind === kind).length;
  return [
    `${address}, nats-server ${version}, max_payload ${showSize(maxPayload)}`,
    head,
    ...lines.flatMap((line, index) => [line, ...(notes[index] ?? []).flatMap(showNote)]),
    `${countOf(count("fault"), "fault", "faults")}, ${countOf(count("warning"), "warning", "warnings")}`,
  ].join("\n");
}

function rowOf({ spec, state }: Surveyed): string[] {
  if (state.is !== "ready") {
    const exists = state.is === "missing" ? "no" : "?";
    return [spec.name, exists, someOf(spec.subjects), "", "", ""];
  }
  const { config } = state.info;
  const limits = [
    ...(config.max_age > 0 ? [writeDuration(config.max_age / 1e6)] : []),
    ...(config.max_bytes > 0 ? [showSize(config.max_bytes)] : []),
    ...(config.max_msgs > 0 ? [`${config.max_msgs} messages`] : []),
    ...(config.max_msgs_per_subject > 0 ? [`${config.max_msgs_per_subject} messages a subject`] : []),
    ...(config.max_msg_size > 0 ? [`${showSize(config.max_msg_size)} a message`] : []),
    `discard ${config.discard}`,
  ];
  const subjects = someOf(config.subjects ?? []) || "none";
  return [spec.name, "yes", subjects, config.retention, String(config.num_replicas), limits.join(", ")];
}

const SHOWN = 4;

/** So that a stream of a hundred destinations does not make every row as long as its own. */
function someOf(subjects: readonly string[]): string {
  const more = subjects.length - SHOWN;
  return [...subjects.slice(0, SHOWN), ...(more > 0 ? [`and ${more} more`] : [])].join(" ");
}

/** What stands below a stream's row. */
interface Note {
  readonly kind: Finding["severity"] | "differs" | "note";
  readonly says: string;
  readonly cure: string | null;
}

function showNote({ kind, says, cure }: Note): string[] {
  return [`  ${kind}: ${says}`, ...(cure === null ? [] : [`    ${cure}`])];
}

function notesOf({ state, findings, unheard, unasked }: Surveyed): Note[] {
  const notes: Note[] = findings.map(({ severity, says, cure }) => ({ kind: severity, says, cure }));
  const add = (kind: Note["kind"], says: string) => notes.push({ kind, says, cure: null });
  switch (state.is) {
    case "ready":
      for (const says of fullness(state)) add("note", says);
      notes.push(...state.differences.map(({ says, cure }) => ({ kind: "differs", says, cure }) as const));
      break;
    case "missing":
      add("note", "the gateway creates it, where its user may");
      break;
    case "unmanaged":
      add("note", `it may not be looked up: ${state.reason}`);
      if (unheard.length > 0) add("fault", `no stream answers for ${showSome(unheard)}`);
      break;
    default:
      add("fault", `JetStream does not tell of it: ${state.reason}`);
  }
  if (unasked.length > 0) {
    add("note", `this user may not ask who takes ${showSome(unasked)}, and perhaps not publish there`);
  }
  return notes;
}

/** Part of a bound from which it is told that it is near. */
const NEAR = 0.8;

/** How near a stream is to bounds at which it refuses messages. One that discards old ones instead has a finding. */
function fullness({ info: { config, state } }: ReadyStream): string[] {
  if (config.discard !== "new") return [];
  const bounds = [
    { used: state.messages, most: config.max_msgs, says: `${state.messages} of ${config.max_msgs} messages` },
    {
      used: state.bytes,
      most: config.max_bytes,
      says: `${state.bytes} bytes of ${showSize(config.max_bytes)}`,
    },
  ];
  return bounds
    .filter(({ used, most }) => most > 0 && used >= NEAR * most)
    .map(({ used, most, says }) => {
      const percent = Math.floor((100 * used) / most);
      return `it is ${percent} % full, ${says}: events that it refuses wait in the spool`;
    });
}
