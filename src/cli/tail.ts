// `pixelgate tail`: events on stdout as they come, a readable line each or as JSON.
import type { Config } from "../config/environment.ts";
import type { Layout } from "../config/layout.ts";
import { followSpools } from "../delivery/follow.ts";
import type { Followed } from "../delivery/followed.ts";
import { followStreams } from "../delivery/nats/follow.ts";
import type { EventType } from "../pixel/schema.ts";

/** Which events `tail` prints, and how. */
export interface TailOptions {
  /** Null shows all. */
  readonly destination: string | null;
  readonly type: EventType | null;
  readonly source: string | null;
  /** Prints each event as its JSON, one a line. */
  readonly isJson: boolean;
  /** Begins with what is kept already. */
  readonly isFromStart: boolean;
}

/** What a line shows of an event; the rest is in its JSON. */
interface Glimpse {
  readonly type?: string;
  readonly name?: string;
  readonly event?: string;
  readonly receivedAt?: string;
  readonly context?: {
    readonly page?: { readonly url?: string };
    readonly gateway?: { readonly sourceId?: string };
  };
}

/**
 * Prints until it is interrupted; resolves with the exit code. Rejects when there is nothing to read from. The layout says
 * which streams there are; it is null without NATS.
 */
export async function tail(config: Config, layout: Layout | null, options: TailOptions): Promise<number> {
  const { nats, dataDir } = config;
  const follow = { destinationId: options.destination, isFromStart: options.isFromStart };
  const isSpool = nats === null || layout === null;
  const where = isSpool ? `the spool in ${dataDir}` : "NATS";
  // A reader that has seen enough (`| head`) closes the pipe: that is no error.
  process.stdout.on("error", () => process.exit(0));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(0));
  if (process.stderr.isTTY) console.error(`Waiting for events from ${where}; Ctrl-C ends`);
  const onSkipped = (reason: string) => console.error(`Cannot tail all: ${reason}`);
  const messages = isSpool ? followSpools(dataDir, follow) : followStreams(nats, layout, follow, onSkipped);
  for await (const message of messages) {
    const event = readEvent(message.payload);
    if (event === null) continue;
    if (options.type !== null && event.type !== options.type) continue;
    if (options.source !== null && event.context?.gateway?.sourceId !== options.source) continue;
    const line = options.isJson ? message.payload : describe(message, event);
    if (!process.stdout.write(`${line}\n`))
      await new Promise((resolve) => process.stdout.once("drain", resolve));
  }
  return 0;
}

/** Null for what somebody else has put into the stream. */
function readEvent(payload: string): Glimpse | null {
  try {
    const event: unknown = JSON.parse(payload);
    return typeof event === "object" ? event : null;
  } catch {
    return null;
  }
}

function describe({ destinationId }: Followed, event: Glimpse): string {
  const source = event.context?.gateway?.sourceId ?? "";
  const name = event.event ?? event.name ?? "";
  const line = [
    event.receivedAt?.slice(11, 23) ?? "",
    (event.type ?? "").padEnd(5),
    `${source} → ${destinationId}`,
    name,
    event.context?.page?.url ?? "",
  ];
  return harmless(line.filter((part) => part !== "").join("  "));
}

/** A visitor wrote part of this line: nothing in it may steer the operator's terminal. */
function harmless(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is removed
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "·");
}
