// One gateway under test with its store: what the black-box tests ask it with, and what they expect to arrive.
import { expect } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GIF } from "../../src/pixel/reply.ts";
import { type Gateway, startGateway, untilNatsIsUp } from "../support/gatewayprocess.ts";
import { type RawResponse, sendRaw } from "../support/socket.ts";

/** A message as a subscriber, or the reader of the spool, gets it. */
export interface Arrival {
  readonly subject: string;
  readonly event: Readonly<Record<string, unknown>>;
}

/** Where events end up. */
export interface Store {
  readonly name: string;
  /** Starts what it needs; resolves with the environment that leads a gateway to it. */
  start(): Promise<Record<string, string>>;
  /** Everything that arrived, once `isComplete` says so, and within a few seconds whatever it says. */
  arrivals(gateway: Gateway, isComplete: (arrivals: readonly Arrival[]) => boolean): Promise<Arrival[]>;
  stop(): Promise<void>;
}

export interface Runtime {
  readonly name: string;
  readonly command: readonly string[];
  /** What the runtime's own HTTP server answers before any code of ours runs; null where it leaves the request to us. */
  readonly refuses: {
    readonly missingHost: number | null;
    readonly url70kB: number | null;
    readonly invalidUtf8: number | null;
    /** Null where the connection is closed without an answer. */
    readonly brokenChunk: number | null;
  };
  /** Whether a request may follow on the same connection before the answer to the last one is known. */
  readonly pipelinesPending: boolean;
}

const CONFIG = {
  sources: [
    { id: "site", writeKey: "wk_site", destinations: ["warehouse", "alerts"] },
    { id: "off", writeKey: "wk_off", destinations: ["warehouse"], enabled: false },
    { id: "mail", writeKey: "wk_mail", destinations: ["warehouse"], reply: "gif" },
    { id: "visitor", writeKey: "wk_visitor", destinations: ["warehouse"], anonymousId: "cookie" },
    {
      id: "strict",
      writeKey: "wk_strict",
      destinations: ["warehouse"],
      bots: "drop",
      privacySignals: "drop",
    },
  ],
  destinations: [{ id: "warehouse" }, { id: "alerts", events: ["track"] }],
};

/** The headers of a browser, of its image requests, and of a client that reads text. */
export const BROWSER = {
  "User-Agent":
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36",
};
export const IMAGE = { ...BROWSER, "Sec-Fetch-Dest": "image", Accept: "image/avif,image/webp,*/*;q=0.8" };
export const TEXT = { "User-Agent": "check/1.0", Accept: "*/*" };
const COMMON = {
  "cache-control": "no-store, no-cache, must-revalidate, private",
  "access-control-allow-origin": "*",
  "cross-origin-resource-policy": "cross-origin",
};
/** The pixel itself, a character a byte. */
export const GIF_TEXT = Buffer.from(GIF).toString("latin1");

/** The subjects of a page, and of a track, of the source `site`. */
export const PAGE = ["pixel.warehouse.page"];
export const TRACK = ["pixel.alerts.track", "pixel.warehouse.track"];

/** A gateway under test. Its tests depend on their order: what they send is counted until the end. */
export type World = ReturnType<typeof createWorld>;

/** Prepares one; `start` and `stop` are for the suite. */
export function createWorld(runtime: Runtime, store: Store) {
  const folder = mkdtempSync(join(tmpdir(), "pixelgate-blackbox-"));
  let gateway: Gateway;
  let ids = 0;
  /** Subjects that must have got each event that was accepted, by message id. */
  const expected = new Map<string, readonly string[]>();

  async function get(target: string, headers: Record<string, string> = TEXT, method = "GET") {
    const response = await fetch(gateway.url + target, { method, headers });
    return { response, body: Buffer.from(await response.arrayBuffer()).toString("latin1") };
  }

  return {
    async start(): Promise<void> {
      const config = join(folder, "pixelgate.json");
      writeFileSync(config, JSON.stringify(CONFIG));
      const env = await store.start();
      gateway = await startGateway({
        command: runtime.command,
        env: { ...env, PIXELGATE_CONFIG: config, TRUSTED_PROXIES: "127.0.0.0/8" },
      });
      if ("NATS_URL" in env) await untilNatsIsUp(gateway);
    },
    /** Resolves with the exit code of the gateway. */
    async stop(): Promise<number | null> {
      const code = await gateway?.stop();
      await store.stop();
      rmSync(folder, { recursive: true });
      return code;
    },
    /** The id in the cookie of a visitor, once a test has got one. */
    visitor: "",
    /** A message id that must arrive at these subjects. */
    willArrive(subjects: readonly string[]): string {
      const messageId = `m-${++ids}`;
      expected.set(messageId, subjects);
      return messageId;
    },
    /** What must have arrived by now, as `<message id> <subject>`. */
    wanted: (): string[] =>
      [...expected].flatMap(([id, subjects]) => subjects.map((subject) => `${id} ${subject}`)).sort(),
    /** What arrived, once it is as much as this. */
    arrivals: (count: number): Promise<Arrival[]> =>
      store.arrivals(gateway, (found) => found.length >= count),
    get,
    async expectAnswer(
      target: string,
      headers: Record<string, string>,
      status: number,
      body: string,
      more: Record<string, string> = {},
    ): Promise<void> {
      const { response, body: found } = await get(target, headers);
      const isGif = body === GIF_TEXT;
      const wanted = {
        ...COMMON,
        "content-type": isGif ? "image/gif" : "text/plain; charset=utf-8",
        ...more,
      };
      const names = Object.keys(wanted);
      expect(response.status).toBe(status);
      expect(found).toBe(body);
      expect(Object.fromEntries(names.map((name) => [name, response.headers.get(name)]))).toEqual(wanted);
    },
    /** Sends bytes as they are. */
    raw: (bytes: string | Uint8Array, methods?: readonly string[]): Promise<RawResponse[]> =>
      sendRaw(gateway.port, bytes, methods),
  };
}
