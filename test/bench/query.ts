// `bun run bench:query [--smoke]`: readQuery against the other ways to the same nested object, on the table of targets.
// Ratios are the result; times are this machine's. Outputs are compared before anything is measured.
import { cpus } from "node:os";
import { isDeepStrictEqual } from "node:util";
import { parseQueryFromURL } from "elysia/parse-query";
import fastQuerystring from "fast-querystring";
import { do_not_optimize, measure } from "mitata";
import qs from "qs";
import pkg from "../../package.json" with { type: "json" };
import { queryOf, readQuery } from "../../src/pixel/query.ts";
import { targets } from "./urls.ts";

const smoke = process.argv.includes("--smoke");
const rounds = smoke ? 1 : 7;
const cpuTimeNs = smoke ? 1e6 : 150e6;

type Parser = (query: string) => unknown;
type Tree = { [key: string]: Tree | string } | (Tree | string)[];

/** What one writes to nest flat pairs: split at the dots, walk, make an array for digits. */
function put(root: Tree, key: string, value: string): void {
  if (!key.includes(".")) {
    (root as Record<string, string>)[key] ??= value;
    return;
  }
  const parts = key.split(".");
  let node = root as Record<string, Tree | string>;
  for (let i = 0; i < parts.length - 1; i++) {
    const part = parts[i] ?? "";
    let child = node[part];
    if (typeof child !== "object") {
      child = /^\d+$/.test(parts[i + 1] ?? "") ? [] : (Object.create(null) as Tree);
      node[part] = child;
    }
    node = child as Record<string, Tree | string>;
  }
  node[parts[parts.length - 1] ?? ""] ??= value;
}

function nested(flat: Record<string, unknown>): Tree {
  const root = Object.create(null) as Tree;
  for (const key in flat) put(root, key, String(flat[key]));
  return root;
}

const parsers: Record<string, Parser> = {
  readQuery,
  "URLSearchParams + nesting": (query) => {
    const root = Object.create(null) as Tree;
    for (const [key, value] of new URLSearchParams(query)) put(root, key, value);
    return root;
  },
  "qs, allowDots": (query) => qs.parse(query, { allowDots: true, plainObjects: true, duplicates: "first" }),
  "fast-querystring + nesting": (query) => nested(fastQuerystring.parse(query)),
  "elysia + nesting": (query) => nested(parseQueryFromURL(query)),
};

/** Nanoseconds a query: the median over rounds that take turns, so that a busy neighbour slows every parser alike. */
async function compare(queries: readonly string[]): Promise<Map<string, number>> {
  const samples = new Map(Object.keys(parsers).map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, parse] of Object.entries(parsers)) {
      let i = 0;
      const pass = () => {
        do_not_optimize(parse(queries[i] ?? ""));
        i = i + 1 === queries.length ? 0 : i + 1;
      };
      const stats = await measure(pass, { min_cpu_time: cpuTimeNs, batch_samples: smoke ? 16 : 1024 });
      samples.get(name)?.push(stats.p50);
    }
  }
  return new Map(
    [...samples].map(([name, times]) => [name, times.sort((a, b) => a - b)[rounds >> 1] ?? NaN]),
  );
}

function sameAsOurs(parse: Parser, queries: readonly string[]): boolean {
  // By way of JSON, for prototypes are not the question here.
  const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;
  return queries.every((query) => isDeepStrictEqual(plain(parse(query)), plain(readQuery(query))));
}

const { devDependencies, dependencies } = pkg;
const runtime = process.versions.bun ? `Bun ${process.versions.bun}` : `Node API ${process.version}`;
console.log(`${cpus()[0]?.model ?? "unknown CPU"} × ${cpus().length}, ${runtime}`);
console.log(
  `qs ${devDependencies.qs}, fast-querystring ${devDependencies["fast-querystring"]}, ` +
    `elysia ${dependencies.elysia}, mitata ${devDependencies.mitata}${smoke ? ", smoke: times mean nothing" : ""}`,
);

for (const { name, urls } of targets) {
  const queries = urls.map(queryOf);
  const same = new Map(
    Object.entries(parsers).map(([parser, parse]) => [parser, sameAsOurs(parse, queries)]),
  );
  const times = await compare(queries);
  const ours = times.get("readQuery") ?? NaN;
  const bytes = Math.round(urls.reduce((sum, url) => sum + url.length, 0) / urls.length);
  console.log(`\n${name}, ${bytes} bytes`);
  for (const [parser, time] of times) {
    const ratio = (time / ours).toFixed(2).padStart(6);
    const note = same.get(parser) === true ? "" : "   (another object)";
    console.log(`  ${parser.padEnd(28)}${(time / 1000).toFixed(2).padStart(8)} µs ${ratio} ×${note}`);
  }
  const rivals = [...times].filter(([parser]) => parser !== "readQuery" && same.get(parser) === true);
  const [fastest, time] = rivals.sort((a, b) => a[1] - b[1])[0] ?? ["", NaN];
  const searchParams = (times.get("URLSearchParams + nesting") ?? NaN) / ours;
  console.log(
    rivals.length === 0
      ? "  no other parser gives the same object"
      : `  readQuery is ${(time / ours).toFixed(2)} × the fastest same object (${fastest}), ${searchParams.toFixed(2)} × URLSearchParams`,
  );
}
