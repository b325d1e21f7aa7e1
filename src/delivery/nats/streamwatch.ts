// Keeps one stream in sight while a connection lives: looks when told to, and by itself every half minute, because
// settings, limits and consumers change under us. Says what it found.
import type { JetStreamOptions } from "@nats-io/jetstream";
import type { NatsConnection } from "nats";
import type { Layout, StreamSpec } from "../../config/layout.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Finding } from "../finding.ts";
import type { DeliveryLog } from "../log.ts";
import { type Heard, hear } from "./heard.ts";
import { inspectHeard, inspectStream, takenElsewhere } from "./inspect.ts";
import { Intake, UNKNOWN_INTAKE } from "./intake.ts";
import { eventsOf, patternsOf } from "./interest.ts";
import { Strays } from "./strays.ts";
import { ensureStream, type ReadyStream, type StreamState } from "./stream.ts";
import { createStreamLog } from "./streamlog.ts";
import { type StreamTerms, Terms } from "./terms.ts";

/** What is known of a stream. */
export interface StreamWatch {
  /** Whether the stream would keep a message of the subject, as far as is known. */
  takes(subject: string): boolean;
  /**
   * Whether a message of the subject would be acked and not be kept: another stream takes it, or no consumer wants it.
   * Costs nothing while there can be no such subject.
   */
  loses(subject: string): boolean;
  /** Begins anew on a connection, and looks at once. */
  begin(connection: NatsConnection): void;
  end(): void;
  /** Looks again soon. */
  recheck(): void;
  /** A message of the subject went to another stream, or to none: looks again soon, for this subject, too. */
  missed(subject: string): void;
  /** The stream shall be another one from now on, of the same name, or stands among others: looks at once. */
  change(spec: StreamSpec): void;
}

/** Which stream to watch, and who hears of it. Of one look, findings and terms are told first. */
export interface StreamWatchOptions {
  readonly spec: StreamSpec;
  readonly layout: () => Layout;
  readonly jetStream: JetStreamOptions;
  /** Bytes of the largest message that the server takes; null where that is not known. */
  readonly maxPayload: () => number | null;
  /** Bytes of the largest event there can be; null where that is not known. */
  readonly largestEventBytes: number | null;
  readonly log: DeliveryLog;
  readonly time: Clock;
  /**
   * The stream is there, or may not be administered: events may be published. News: that was not so when it was last
   * looked at, or it is not the same any more.
   */
  readonly onUsable: (isNews: boolean) => void;
  /** JetStream does not say whether it is there: publishing may be tried. */
  readonly onUnanswered: () => void;
  /** It cannot be created, or has a fatal finding: nothing may be published. */
  readonly onBlocked: (reason: string) => void;
  /** All findings, when they are others than before. */
  readonly onFindings: (findings: readonly Finding[]) => void;
  /** Told when they change. */
  readonly onTerms: (terms: StreamTerms) => void;
}

const RECHECK_MS = 1000;
/** How often it looks without being told to. */
const LOOK_MS = 30_000;
/** So many patterns are asked for at a time; of more the next ones with the next look. */
const ROUND = 500;

/** Creates a watch that looks at nothing before `begin`. */
export function createStreamWatch(options: StreamWatchOptions): StreamWatch {
  const { time } = options;
  const lines = createStreamLog(options.log, time);
  let { spec } = options;
  let changes = 0;
  let watched: NatsConnection | null = null;
  let state: StreamState | null = null;
  /** The last look that has found it. */
  let ready: ReadyStream | null = null;
  /** By pattern. */
  const heard = new Map<string, Heard>();
  let elsewhere: readonly string[] = [];
  let findings: readonly Finding[] = [];
  const terms = new Terms(options.onTerms);
  /** All that was known when somebody was told last: anything else is news. */
  let told = "";
  /** Whether the configured settings are still to be applied: once, so that two gateways do not fight. */
  let isApplying = true;
  /** What is being looked at right now. */
  let looking: NatsConnection | null = null;
  /** Told to look again while it looks. */
  let isStale = false;
  let lookedMs = Number.NEGATIVE_INFINITY;
  let heardMs = Number.NEGATIVE_INFINITY;
  let stopTimer: (() => void) | null = null;
  let intake = UNKNOWN_INTAKE;
  /** Whether there are subjects of its destinations that it would lose. */
  let isLossy = false;
  let isListening = false;
  /** Where the next round of questions begins. */
  let nextPattern = 0;
  const strays = new Strays();

  function look(): void {
    stopTimer?.();
    stopTimer = null;
    const connection = watched;
    if (connection === null || connection === looking) return;
    const asked = changes;
    const layout = options.layout();
    looking = connection;
    isStale = false;
    lookedMs = time.now();
    const question = { ...strays.join(spec, layout, elsewhere), layout, jetStream: options.jetStream };
    void ensureStream(connection, question, isApplying).then((found) => {
      if (looking === connection) looking = null;
      if (watched !== connection) return;
      if (changes !== asked) return look();
      // Only a look at what is there tells all of it.
      lookIn(isStale || (found.is === "ready" && found.isNew) ? RECHECK_MS : LOOK_MS);
      state = found;
      if (found.is === "ready") {
        ready = found;
        isApplying = false;
        // Who answered before it was there says nothing of it.
        if (found.isNew) heard.clear();
      } else if (found.is !== "unknown") ready = null;
      lines.looked(spec.name, found);
      const isNews = judge(layout, true);
      if (isNews || elsewhere.length > 0 || time.now() >= heardMs + LOOK_MS) listen(connection);
    });
  }

  /** Asks who answers for its subjects. */
  function listen(connection: NatsConnection): void {
    if (isListening) return;
    isListening = true;
    heardMs = time.now();
    const asked = changes;
    const layout = options.layout();
    const patterns = [...patternsOf(spec, layout), ...strays.list(spec, layout)];
    const current = new Set(patterns);
    for (const pattern of heard.keys()) if (!current.has(pattern)) heard.delete(pattern);
    if (nextPattern >= patterns.length) nextPattern = 0;
    const round = patterns.slice(nextPattern, nextPattern + ROUND);
    nextPattern += ROUND;
    void hear(connection, round).then((answers) => {
      isListening = false;
      if (watched !== null && (watched !== connection || changes !== asked)) return listen(watched);
      if (watched === null) return;
      for (const pattern of round) heard.delete(pattern);
      for (const answer of answers) heard.set(answer.pattern, answer);
      judge(options.layout(), false);
    });
  }

  function lookIn(ms: number): void {
    stopTimer?.();
    stopTimer = time.after(Math.max(0, lookedMs + ms - time.now()), look);
  }

  function recheck(): void {
    if (watched === null) return;
    if (looking === watched) isStale = true;
    else lookIn(RECHECK_MS);
  }

  /** Tells what follows from the last look and the last answers; returns whether it is news. */
  function judge(layout: Layout, isLook: boolean): boolean {
    const { created, config } = ready?.info ?? {};
    const own = config?.subjects ?? [];
    const answers = [...heard.values()];
    elsewhere = takenElsewhere(answers, spec.name, own);
    intake = new Intake({ subjects: config ? own : null, interest: ready?.interest ?? null, elsewhere });
    isLossy = intake.mayLose && losesAny(layout);
    const limits = { largestEventBytes: options.largestEventBytes, maxPayload: options.maxPayload() };
    tellFindings([
      ...(ready === null ? [] : inspectStream(ready, spec, limits, layout)),
      ...inspectHeard(answers, spec.name, own),
    ]);
    terms.take(ready);
    const fatal = findings.find(({ isFatal }) => isFatal)?.says;
    const now = JSON.stringify([state?.is, created, config, ready?.interest, elsewhere, fatal]);
    const isNews = now !== told;
    told = now;
    if (isNews || isLook) tell(fatal, isNews);
    return isNews;
  }

  function tell(fatal: string | undefined, isNews: boolean): void {
    const isWell = state?.is === "ready" || state?.is === "unmanaged";
    if (state?.is === "unknown") options.onUnanswered();
    else if (state?.is === "blocked") options.onBlocked(state.reason);
    else if (fatal !== undefined) options.onBlocked(fatal);
    else options.onUsable(isNews);
    // Once it is mended nobody should wait for half a minute.
    if (!isWell || fatal !== undefined || isLossy) recheck();
  }

  function losesAny(layout: Layout): boolean {
    const subjects = eventsOf(spec, layout).flatMap(({ allSubjects }) => allSubjects);
    return [...strays.list(spec, layout), ...subjects].some((one) => intake.loses(one));
  }

  function tellFindings(found: readonly Finding[]): void {
    const before = findings;
    findings = found;
    if (JSON.stringify(found) === JSON.stringify(before)) return;
    lines.found(found, before);
    options.onFindings(found);
  }

  return {
    takes: (subject) => intake.takes(subject),
    loses: (subject) => intake.loses(subject),
    begin: (connection) => {
      watched = connection;
      state = null;
      ready = null;
      heard.clear();
      elsewhere = [];
      intake = UNKNOWN_INTAKE;
      isLossy = false;
      told = "";
      terms.forget();
      look();
    },
    end: () => {
      watched = null;
      stopTimer?.();
      stopTimer = null;
    },
    recheck,
    missed: (subject) => {
      if (strays.add(subject)) heardMs = Number.NEGATIVE_INFINITY;
      recheck();
    },
    change: (next) => {
      spec = next;
      changes++;
      heard.clear();
      isApplying = true;
      look();
    },
  };
}
