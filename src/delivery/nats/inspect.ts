// What is wrong with a stream that was looked up: what loses events without a word, and what is unusual. Pure: it asks
// no server. docs/operating.md tells what each finding means.
import type { StreamConfig as NatsStreamConfig, StreamInfo } from "@nats-io/jetstream";
import { millis } from "nats";
import type { Layout, StreamSpec } from "../../config/layout.ts";
import { countOf, writeDuration, writeSize } from "../../config/units.ts";
import type { Finding } from "../finding.ts";
import type { Heard } from "./heard.ts";
import { type Events, eventsOf, unwanted } from "./interest.ts";
import { PatternSet, showSome } from "./pattern.ts";
import { duplicateWindowMs, showSize } from "./wanted.ts";

/** A stream as it is. */
export interface StreamSight {
  readonly info: StreamInfo;
  /** Patterns that its consumers want, where it keeps nothing else; null where it keeps all, or they are not known. */
  readonly interest: readonly string[] | null;
}

/** What bounds a message beside its stream. */
export interface SizeLimits {
  /** Bytes of the largest event there can be; null where that is not known. */
  readonly largestEventBytes: number | null;
  /** Of the server that is connected; null where that is not known. */
  readonly maxPayload: number | null;
}

/** docs/wire-contract.md, "How large an event can be". */
export function largestEventBytes(maxUrlBytes: number): number {
  return 4 * maxUrlBytes + 24_576;
}

/** What one of the questions below finds. */
type Found = readonly [is: "fatal" | "fault" | "warning", says: string, cure: string | null];
/** The command that changes settings of the stream. */
type Edit = (flags: string) => string;

/** All findings about a stream's settings and consumers, the worst first. */
export function inspectStream(
  sight: StreamSight,
  spec: StreamSpec,
  limits: SizeLimits,
  layout: Layout,
): Finding[] {
  const { config } = sight.info;
  const edit: Edit = (flags) => `nats stream edit ${spec.name} ${flags}`;
  const found = [
    ...findDeadEnds(config, spec, edit),
    ...findMissingConsumers(sight, spec, layout),
    ...findLosses(config, edit),
    ...findShortWindow(config, edit),
    // A server's bound belongs to no stream: it is told once.
    ...findSmallLimits(config, limits, spec.name === layout.defaultStream, edit),
  ];
  const ranks: Found[0][] = ["fatal", "fault", "warning"];
  return found
    .toSorted(([one], [other]) => ranks.indexOf(one) - ranks.indexOf(other))
    .map((one) => toFinding(spec.name, one));
}

function toFinding(stream: string, [is, says, cure]: Found): Finding {
  return { stream, severity: is === "warning" ? is : "fault", says, cure, isFatal: is === "fatal" };
}

/** A stream that takes no message from a publisher, or never says that it has. */
function* findDeadEnds(config: NatsStreamConfig, spec: StreamSpec, edit: Edit): Iterable<Found> {
  const { sealed, mirror, sources = [], subjects = [] } = config;
  if (sealed) {
    const says = "it is sealed: it takes no message, and cannot be opened again; events need another stream";
    yield ["fatal", says, null];
  }
  if (mirror !== undefined) {
    const says = `it is a mirror of ${mirror.name}: it takes no message of anybody else; events need another stream`;
    yield ["fatal", says, null];
  } else if (subjects.length === 0 && sources.length > 0) {
    const says = "it has sources and no subjects: it takes no message but theirs";
    yield ["fatal", says, edit(`--subjects='${spec.subjects.join(",")}'`)];
  }
  if (config.no_ack) {
    const says = "it has no_ack: it never says that it has stored a message, so none can be counted on";
    yield ["fatal", says, edit("--ack")];
  }
}

/** What an `interest` stream would ack and not keep. */
function* findMissingConsumers(sight: StreamSight, spec: StreamSpec, layout: Layout): Iterable<Found> {
  const { config, state } = sight.info;
  if (config.retention !== "interest") return;
  const events = eventsOf(spec, layout);
  const add = ({ destinationId, pattern }: Events) =>
    `nats consumer add ${spec.name} ${destinationId} --filter='${pattern}' --pull --defaults`;
  if (state.consumer_count === 0) {
    const says = "its retention is interest and it has no consumer: it acks messages and keeps none";
    const [first] = events;
    yield ["fatal", says, first === undefined ? null : add(first)];
    return;
  }
  const lost = sight.interest === null ? [] : unwanted(events, sight.interest);
  const [first] = lost;
  if (first === undefined) return;
  const subjects = lost.flatMap((one) => one.subjects);
  const says = `its retention is interest and no consumer wants ${showSome(subjects)}: it would ack these and not keep them, so they stay in the spool`;
  yield ["fault", says, add(first)];
}

/** What is stored, and gone before it was read. */
function* findLosses(config: NatsStreamConfig, edit: Edit): Iterable<Found> {
  const { max_msgs, max_bytes, max_msgs_per_subject: perSubject } = config;
  if (config.storage === "memory") {
    const says =
      "it is in memory: what it has acked is gone once its servers restart; events need a stream in files";
    yield ["fault", says, null];
  }
  const bounds = [
    ...(max_msgs > 0 ? [`${max_msgs} messages`] : []),
    ...(max_bytes > 0 ? [showSize(max_bytes)] : []),
  ];
  if (config.discard === "old" && bounds.length > 0) {
    const says = `it discards old messages: with ${bounds.join(" or ")} in it the oldest go, read or not`;
    yield ["fault", says, edit("--discard=new")];
  }
  if (perSubject > 0 && !(config.discard === "new" && config.discard_new_per_subject)) {
    const kept = countOf(perSubject, "message", "messages");
    const says = `it keeps ${kept} a subject: of more the oldest go, read or not`;
    yield ["fault", says, edit("--max-msgs-per-subject=-1")];
  }
}

function* findShortWindow(config: NatsStreamConfig, edit: Edit): Iterable<Found> {
  const windowMs = millis(config.duplicate_window);
  const neededMs = duplicateWindowMs(millis(config.max_age));
  if (windowMs >= neededMs || config.mirror !== undefined) return;
  const says = `its duplicate window is ${writeDuration(windowMs)}: an event that is sent again later, up to ${writeDuration(neededMs)}, is stored twice`;
  yield ["warning", says, edit(`--dupe-window=${writeDuration(neededMs)}`)];
}

function* findSmallLimits(
  config: NatsStreamConfig,
  { largestEventBytes, maxPayload }: SizeLimits,
  isServerTold: boolean,
  edit: Edit,
): Iterable<Found> {
  if (largestEventBytes === null) return;
  const { max_msg_size: messageBytes, max_bytes: bytes } = config;
  const tooSmall = `: the largest event, of ${showSize(largestEventBytes)}, does not fit`;
  if (messageBytes > 0 && messageBytes < largestEventBytes) {
    const says = `its max_msg_size is ${showSize(messageBytes)}${tooSmall}`;
    yield ["warning", says, edit(`--max-msg-size=${writeSize(largestEventBytes)}`)];
  }
  if (bytes > 0 && bytes < largestEventBytes) {
    yield ["warning", `its max_bytes is ${showSize(bytes)}${tooSmall}`, edit("--max-bytes=-1")];
  }
  if (isServerTold && maxPayload !== null && maxPayload < largestEventBytes) {
    const says = `the server's max_payload is ${showSize(maxPayload)}${tooSmall}; raise it in the server's configuration`;
    yield ["warning", says, null];
  }
}

/** Of the patterns that were asked for those that only other streams take. `own`: what the stream itself is known to take. */
export function takenElsewhere(heard: readonly Heard[], stream: string, own: readonly string[]): string[] {
  const strange = heard.filter(({ streams }) => streams.length > 0 && !streams.includes(stream));
  if (strange.length === 0) return [];
  const taken = new PatternSet(own);
  return strange.map(({ pattern }) => pattern).filter((pattern) => !taken.covers(pattern));
}

/** What the answers for a stream's subjects say: who takes them in its place, or beside it. One finding for each of these. */
export function inspectHeard(heard: readonly Heard[], stream: string, own: readonly string[]): Finding[] {
  const elsewhere = new Set(takenElsewhere(heard, stream, own));
  const inPlace = new Map<string, string[]>();
  const beside = new Map<string, string[]>();
  for (const { pattern, streams } of heard) {
    const others = new Set(
      streams.filter((name, place) => name !== stream || streams.indexOf(name) !== place),
    );
    const found = elsewhere.has(pattern) ? inPlace : beside;
    for (const other of others) {
      const patterns = found.get(other);
      if (patterns === undefined) found.set(other, [pattern]);
      else patterns.push(pattern);
    }
  }
  return [
    ...Array.from(inPlace, ([other, patterns]) => takenBy(stream, other, patterns)),
    ...Array.from(beside, ([other, patterns]) => heldTwice(stream, other, patterns)),
  ];
}

/** Another stream takes a stream's subjects, or some of them, in its place. */
function takenBy(stream: string, other: string, patterns: readonly string[]): Finding {
  const says = `stream ${other} takes ${showSome(patterns)} in its place: nobody would look there for events, so they stay in the spool`;
  return toFinding(stream, ["fault", says, `nats stream edit ${other} --interactive`]);
}

/** Another stream, perhaps of the same name, stores a stream's messages as well. */
function heldTwice(stream: string, other: string, patterns: readonly string[]): Finding {
  const also = other === stream ? "a stream of the same name" : `stream ${other}`;
  const says = `${also} in another JetStream takes ${showSome(patterns)} as well, as on a leaf node and its hub: events are stored in both`;
  return toFinding(stream, ["warning", says, null]);
}
