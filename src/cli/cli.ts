// Verbs and flags. Data goes to stdout, errors to stderr; exit codes: 0 done, 1 failed, 2 wrong words or configuration.
import { type Configuration, loadConfiguration } from "../config/configuration.ts";
import { type Config, defaultStream, readConfig, type StreamConfig, textOf } from "../config/environment.ts";
import { ConfigFile } from "../config/schema.ts";
import { SETTINGS } from "../config/settings.ts";
import { isContents } from "../config/shown.ts";
import { EVENT_SCHEMAS, EVENT_TYPES } from "../pixel/schema.ts";
import { originOf } from "../process/origin.ts";
import { StartError } from "../process/starterror.ts";
import { VERSION } from "../process/version.ts";
import { describeConfiguration } from "./checkfile.ts";
import { Exit } from "./exit.ts";
import { quote, readWords, refuseRest, type Words } from "./words.ts";

/** How a command is called, and what it does. */
interface Use {
  readonly usage: string;
  readonly help: string;
}

interface Verb extends Use {
  /** Of a command with actions: each of the others. */
  readonly more?: readonly Use[];
  readonly run: (words: Words) => Promise<number> | number;
}

const VERBS: Record<string, Verb> = {
  serve: {
    usage: "serve",
    help: "take pixels (what runs when no verb is given)",
    run: runServe,
  },
  tail: {
    usage: "tail [destination] [--type page|track] [--source id] [--json] [--from-start]",
    help: "print events as they come, from JetStream, or from the spool without NATS",
    run: runTail,
  },
  spool: {
    usage: "spool list [dir] [--destination id] [--quarantine] [--json]",
    help: "count what is spooled and what is in quarantine, in PIXELGATE_DATA_DIR or another folder",
    more: [
      {
        usage: "spool export [dir] [--destination id] [--quarantine]",
        help: "print each spooled event, or each copy in quarantine, as a line of JSON",
      },
      {
        usage: "spool retry [dir] [--destination id]",
        help: "put copies in quarantine back, to be published",
      },
      {
        usage: "spool discard [dir] [--destination id] --yes",
        help: "throw copies in quarantine away for good",
      },
      {
        usage: "spool drain [dir]",
        help: "store what is spooled in NATS, without a gateway",
      },
    ],
    run: runSpools,
  },
  explain: {
    usage: "explain <url>",
    help: "print what a pixel URL would become; publishes nothing",
    run: runExplain,
  },
  check: {
    usage: "check [file] [--nats]",
    help: "check a configuration file: every fault, or what it resolves to; --nats: its streams as NATS has them",
    run: runCheck,
  },
  schema: {
    usage: "schema [page|track|config]",
    help: "print the JSON Schema of an event or of the configuration file",
    run: runSchema,
  },
  health: {
    usage: "health",
    help: "ask the running gateway for /health: exit code 0 when it answers",
    run: runHealth,
  },
};

/** Runs one command line; resolves with its exit code. */
export async function run(args: readonly string[]): Promise<number> {
  try {
    const words = readWords(args);
    if (words.flags.help) return print(help());
    if (words.flags.version) return print(VERSION);
    const verb = Object.hasOwn(VERBS, words.verb) ? VERBS[words.verb] : undefined;
    if (verb === undefined) {
      throw new Exit(2, `Cannot run ${quote(words.verb)}: no such command. Try: pixelgate --help`);
    }
    return await verb.run(words);
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    for (const line of error.lines) console.error(line);
    return error.code;
  }
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

function help(): string {
  const verbs = Object.values(VERBS)
    .flatMap((verb): Use[] => [verb, ...(verb.more ?? [])])
    .map(({ usage, help }) => `  pixelgate ${usage}\n      ${help}`);
  const width = Math.max(...Object.keys(SETTINGS).map((name) => name.length));
  const settings = Object.entries(SETTINGS).map(
    ([name, { help, fallback }]) =>
      `  ${name.padEnd(width)}  ${help}${fallback === "" ? "" : ` (${fallback})`}`,
  );
  return [
    `pixelgate ${VERSION}: takes tracking pixels, publishes events to NATS JetStream`,
    "",
    "Commands",
    ...verbs,
    "",
    "Environment (default)",
    ...settings,
    "",
    "Exit codes: 0 done, 1 failed, 2 wrong words or configuration",
  ].join("\n");
}

function requireConfig(): Config {
  const config = readConfig(process.env);
  if (Array.isArray(config)) throw new Exit(2, config);
  return config;
}

function requireConfiguration(path: string | null, stream: StreamConfig): Configuration {
  const configuration = loadConfiguration(path, stream);
  if (Array.isArray(configuration)) throw new Exit(2, configuration);
  return configuration;
}

async function runServe(words: Words): Promise<number> {
  refuseRest(words, 0);
  // Both are read before either is refused: an operator sees every fault at once.
  const config = readConfig(process.env);
  const configuration = Array.isArray(config)
    ? loadConfiguration(configFileOf(process.env), defaultStream())
    : loadConfiguration(config.configFile, config.stream);
  const faults = [config, configuration].filter((read) => Array.isArray(read)).flat();
  if (Array.isArray(config) || Array.isArray(configuration)) throw new Exit(2, faults);
  const { serve } = await import("../process/serve.ts");
  try {
    return await serve(config, configuration);
  } catch (error) {
    if (error instanceof StartError) throw new Exit(error.code, [error.message], { cause: error });
    throw error;
  }
}

/** The configuration file of an environment with a fault; null also where that fault is what stands for its path. */
function configFileOf(environment: Record<string, string | undefined>): string | null {
  const text = textOf(environment, "PIXELGATE_CONFIG");
  return text === "" || isContents(text) ? null : text;
}

async function runTail(words: Words): Promise<number> {
  refuseRest(words, 1);
  const type = EVENT_TYPES.find((type) => type === words.flags.type);
  if (words.flags.type !== undefined && type === undefined) {
    throw new Exit(2, `Cannot tail: --type ${quote(words.flags.type)} is not ${EVENT_TYPES.join(" or ")}`);
  }
  const config = requireConfig();
  const { configFile, nats, stream } = config;
  const layout = nats === null ? null : requireConfiguration(configFile, stream).layout;
  const { tail } = await import("./tail.ts");
  try {
    return await tail(config, layout, {
      destination: words.rest[0] ?? null,
      type: type ?? null,
      source: words.flags.source ?? null,
      isJson: words.flags.json ?? false,
      isFromStart: words.flags["from-start"] ?? false,
    });
  } catch (error) {
    throw new Exit(1, `Cannot tail: ${(error as Error).message || "NATS does not answer"}`, {
      cause: error,
    });
  }
}

async function runSpools(words: Words): Promise<number> {
  refuseRest(words, 2);
  const config = requireConfig();
  const [action = "", dataDir = config.dataDir] = words.rest;
  const { runSpool } = await import("./spool.ts");
  const { json, destination, quarantine, yes } = words.flags;
  return runSpool(config, { action, dataDir, flags: { json, destination, quarantine, yes } });
}

async function runExplain(words: Words): Promise<number> {
  refuseRest(words, 1);
  const [url] = words.rest;
  if (url === undefined) throw new Exit(2, "Cannot explain: no URL given. Try: pixelgate explain '<url>'");
  const config = requireConfig();
  const { sources } = requireConfiguration(config.configFile, config.stream);
  const { createExplain } = await import("../admin/explain.ts");
  const explanation = createExplain({ ...config, sources: () => sources })(url);
  print(JSON.stringify(explanation, null, 2));
  return explanation.status === 200 ? 0 : 1;
}

async function runCheck(words: Words): Promise<number> {
  refuseRest(words, 1);
  const config = requireConfig();
  const configuration = requireConfiguration(words.rest[0] ?? config.configFile, config.stream);
  if (words.flags.nats) {
    const { checkNats } = await import("./checknats.ts");
    return checkNats(config, configuration.layout);
  }
  return print(describeConfiguration(configuration).join("\n"));
}

function runSchema(words: Words): number {
  refuseRest(words, 1);
  const schemas: Record<string, unknown> = { ...EVENT_SCHEMAS, config: ConfigFile };
  const [name] = words.rest;
  if (name === undefined) {
    return print(JSON.stringify({ $schema: DIALECT, oneOf: Object.values(EVENT_SCHEMAS) }, null, 2));
  }
  const schema = Object.hasOwn(schemas, name) ? schemas[name] : undefined;
  if (schema === undefined) {
    throw new Exit(2, `Cannot print the schema ${quote(name)}: it is not ${Object.keys(schemas).join(", ")}`);
  }
  return print(JSON.stringify({ $schema: DIALECT, ...schema }, null, 2));
}

const DIALECT = "https://json-schema.org/draft/2020-12/schema";

async function runHealth(words: Words): Promise<number> {
  refuseRest(words, 0);
  const { host, port } = requireConfig();
  const url = `${originOf(host, port)}/health`;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(3000) });
    if (response.ok) return 0;
    throw new Exit(1, `Cannot reach the gateway: ${url} answers ${response.status}`);
  } catch (error) {
    if (error instanceof Exit) throw error;
    throw new Exit(1, `Cannot reach the gateway: nothing answers at ${url}`, { cause: error });
  }
}
