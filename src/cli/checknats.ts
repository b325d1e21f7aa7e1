// `pixelgate check --nats`: the streams of a configuration as NATS has them, in a table, with all that is wrong. Changes
// nothing.
import type { Config } from "../config/environment.ts";
import type { Layout } from "../config/layout.ts";
import { writeDuration } from "../config/units.ts";
import type { Finding } from "../delivery/finding.ts";
import { reasonOf } from "../delivery/log.ts";
import { largestEventBytes } from "../delivery/nats/inspect.ts";
import { type Survey, type Surveyed, surveyStreams } from "../delivery/nats/survey.ts";
import { showSize } from "../delivery/nats/wanted.ts";
import { Exit } from "./exit.ts";

/** Prints the table; resolves with the exit code, 1 when there is a fault or a stream that JetStream does not tell of. */
export async function checkNats(config: Config, layout: Layout): Promise<number> {
  if (config.nats === null) throw new Exit(2, "Cannot check NATS: NATS_URL is not set");
  const survey = await surveyStreams(config.nats, layout, largestEventBytes(config.maxUrlBytes)).catch(
    (error: unknown) => {
      throw new Exit(1, `Cannot check NATS: ${reasonOf(error)}`, { cause: error });
    },
  );
  process.stdout.write(`${describeSurvey(survey)}\n`);
  const isFaulty = survey.streams.some(
    ({ state, findings }) => state.is === "unknown" || findings.some(({ severity }) => severity === "fault"),
  );
  return isFaulty ? 1 : 0;
}

const HEAD = ["stream", "exists", "subjects", "retention", "replicas", "limits"];

/** The server on a line, then a row a stream, below it what was found, and how many of that at the end. */
export function describeSurvey({ address, version, maxPayload, streams }: Survey): string {
  const rows = [HEAD, ...streams.map(rowOf)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const [head = "", ...lines] = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const findings = streams.flatMap(({ findings }) => findings);
  return [
    `${address}, nats-server ${version}, max_payload ${showSize(maxPayload)}`,
    head,
    ...streams.flatMap((stream, index) => [lines[index] ?? "", ...notesOf(stream)]),
    `${count(findings, "fault")}, ${count(findings, "warning")}`,
  ].join("\n");
}

function rowOf({ spec, state }: Surveyed): string[] {
  if (state.is !== "ready") {
    const exists = state.is === "missing" ? "no" : "?";
    return [spec.name, exists, spec.subjects.join(" "), "", "", ""];
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
  const subjects = (config.subjects ?? []).join(" ") || "none";
  return [spec.name, "yes", subjects, config.retention, String(config.num_replicas), limits.join(", ")];
}

/** What stands below a stream's row. */
function notesOf({ state, findings }: Surveyed): string[] {
  const notes = findings.flatMap(({ severity, says, cure }) => note(severity, says, cure));
  switch (state.is) {
    case "ready":
      return [...notes, ...state.differences.flatMap(({ says, cure }) => note("differs", says, cure))];
    case "missing":
      return [...notes, ...note("note", "the gateway creates it when it starts", null)];
    case "unmanaged":
      return [...notes, ...note("note", `it may not be looked up: ${state.reason}`, null)];
    default:
      return [...notes, ...note("fault", `JetStream does not tell of it: ${state.reason}`, null)];
  }
}

function note(kind: string, says: string, cure: string | null): string[] {
  return [`  ${kind}: ${says}`, ...(cure === null ? [] : [`    ${cure}`])];
}

function count(findings: readonly Finding[], severity: Finding["severity"]): string {
  const number = findings.filter((finding) => finding.severity === severity).length;
  return `${number} ${number === 1 ? severity : `${severity}s`}`;
}
