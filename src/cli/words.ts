// The words of a command line: what is a verb, a flag, or one too many. Knows no verb.
import { parseArgs } from "node:util";
import { isShowable } from "../config/shown.ts";
import { Exit } from "./exit.ts";

/** A command line, read: its verb, the words behind it, and its flags. */
export type Words = ReturnType<typeof readWords>;

/** Reads a command line; without a verb it is `serve`. Throws an `Exit`. */
export function readWords(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: "boolean", short: "h" },
        version: { type: "boolean", short: "v" },
        type: { type: "string" },
        source: { type: "string" },
        json: { type: "boolean" },
        "from-start": { type: "boolean" },
        destination: { type: "string" },
        quarantine: { type: "boolean" },
        yes: { type: "boolean" },
        nats: { type: "boolean" },
      },
    });
    const [verb = "serve", ...rest] = positionals;
    return { verb, rest, flags: values };
  } catch (error) {
    // The parser quotes the word it stumbles over.
    const fault = args.every(isShowable) ? (error as Error).message : "a word of it is no option";
    throw new Exit(2, `Cannot read the command line: ${fault}. Try: pixelgate --help`, {
      cause: error,
    });
  }
}

/** A word of the command line for a message, in quotes; not shown when it looks like a secret that was pasted. */
export function quote(word = ""): string {
  return isShowable(word) ? `"${word}"` : "the word given";
}

/** Throws an `Exit` when more words follow the verb than it takes. */
export function refuseRest({ verb, rest }: Words, allowed: number): void {
  if (rest.length > allowed) {
    throw new Exit(
      2,
      `Cannot run ${verb}: ${quote(rest[allowed])} is one word too many. Try: pixelgate --help`,
    );
  }
}
