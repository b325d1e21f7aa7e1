// Who answers for a subject: every stream that takes it, of this JetStream and of those behind leaf nodes. Asked by a
// message that no stream stores, because it expects a stream of a name that there cannot be; needs no right but to publish.
import { headers, type Msg, type NatsConnection, NoRespondersError } from "nats";

/** The streams that answer for a pattern, one name an answer. */
export interface Heard {
  readonly pattern: string;
  readonly streams: readonly string[];
}

/** Stands where a pattern leaves a token open: no event has it in its subject. */
const LOOK = "_look";
/** A stream's name has no dot. */
const NO_STREAM = "no.stream";
/** After an answer another one is waited for so long: a leaf node's hub may be far. */
const STALL_MS = 500;
const LIMIT_MS = 2000;
const AT_ONCE = 500;

/** Whether a subject is one of those that are asked for: being denied it says nothing of events. */
export function isLook(subject: string): boolean {
  return subject.split(".").includes(LOOK);
}

/** Those of the patterns that leave a token open: a subject that is whole is an event's, and is not asked for. */
export function askedOf(patterns: readonly string[]): string[] {
  return patterns.filter((pattern) => /[*>]/.test(pattern));
}

/**
 * Asks for each pattern that leaves a token open. One that nobody answers for has no streams; one that may not be
 * asked for is missing.
 */
export async function hear(connection: NatsConnection, patterns: readonly string[]): Promise<Heard[]> {
  const open = askedOf(patterns);
  const heard: Heard[] = [];
  for (let from = 0; from < open.length; from += AT_ONCE) {
    const asked = open.slice(from, from + AT_ONCE).map((pattern) => ask(connection, pattern));
    for (const answer of await Promise.all(asked)) if (answer !== null) heard.push(answer);
  }
  return heard;
}

async function ask(connection: NatsConnection, pattern: string): Promise<Heard | null> {
  const expecting = headers();
  expecting.set("Nats-Expected-Stream", NO_STREAM);
  const streams: string[] = [];
  try {
    const answers = await connection.requestMany(pattern.replace(/[*>]/g, LOOK), "", {
      headers: expecting,
      strategy: "stall",
      stall: STALL_MS,
      maxWait: LIMIT_MS,
    });
    for await (const answer of answers) {
      const stream = streamOf(answer);
      if (stream !== null) streams.push(stream);
    }
    return { pattern, streams };
  } catch (error) {
    return error instanceof NoRespondersError ? { pattern, streams } : null;
  }
}

/** Null for an answer that is not a stream's. */
function streamOf(answer: Msg): string | null {
  try {
    const { stream } = answer.json<{ stream?: unknown }>();
    return typeof stream === "string" ? stream : null;
  } catch {
    return null;
  }
}
