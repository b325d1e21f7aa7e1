// Sends pixels from a process of its own over many kept connections, each event with a number of its own, and keeps
// what became of every one. Started by load.ts; ends with a file of results when its stdin says stop.
import { writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import {
  LARGE_BYTES,
  markOf,
  NOT_SENT,
  OK,
  OTHER,
  type Plan,
  RECORD_BYTES,
  REFUSED,
  UNANSWERED,
} from "./load.ts";

const plan = JSON.parse(process.argv[2] ?? "{}") as Plan;
const MAX_EVENTS = 4_000_000;
const RETRY_MS = 50;
const DRAIN_MS = 20_000;
const TICK_MS = 5;

const status = new Uint8Array(MAX_EVENTS).fill(NOT_SENT);
const sentAt = new Float64Array(MAX_EVENTS);
const latency = new Float32Array(MAX_EVENTS);
const idle: Connection[] = [];
let sent = 0;
let answered = 0;
let refused = 0;
let waiting = 0;
let isStopping = false;

const HEADERS = [
  "Host: 127.0.0.1",
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
  "Accept: image/avif,image/webp,image/*,*/*;q=0.8",
  "Accept-Language: en-US,en;q=0.9",
].join("\r\n");
const QUERY =
  "context.page.url=https%3A%2F%2Fnews.example.com%2Fa%2Fstory%3Fid%3D12&context.page.title=A%20story" +
  "&context.page.referrer=https%3A%2F%2Fwww.example.org%2F&context.page.path=%2Fa%2Fstory&context.screen.width=1280" +
  "&context.locale=en-GB&anonymousId=amp-0123456789abcdefABCDEF&name=Story&properties.section=world&properties.author=Somebody";

const LARGE = `&properties.large=${"x".repeat(LARGE_BYTES)}`;

class Connection {
  #socket: Socket | null = null;
  #text = "";
  #event = -1;

  open(): void {
    const socket = connect(plan.port, "127.0.0.1");
    socket.setNoDelay(true);
    socket.setEncoding("latin1");
    socket.on("connect", () => {
      this.#socket = socket;
      this.#rest();
    });
    socket.on("data", (chunk) => this.#read(String(chunk)));
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#socket = null;
      this.#text = "";
      if (this.#event >= 0) this.#finish(UNANSWERED);
      if (!isStopping) setTimeout(() => this.open(), RETRY_MS * (0.5 + Math.random()));
    });
  }

  get isOpen(): boolean {
    return this.#socket !== null && this.#event < 0;
  }

  send(): void {
    if (sent >= MAX_EVENTS) return;
    this.#event = sent++;
    waiting++;
    sentAt[this.#event] = Date.now();
    latency[this.#event] = performance.now();
    const mark = plan.isMarked ? `&properties.mark=${markOf(plan.run, this.#event)}` : "";
    const large = plan.largeEvery > 0 && this.#event % plan.largeEvery === 0 ? LARGE : "";
    const key = plan.writeKeys[this.#event % plan.writeKeys.length];
    const target = `/pixel/v1/page?messageId=${plan.run}-${this.#event}&writeKey=${key}&${QUERY}${mark}${large}`;
    this.#socket?.write(`GET ${target} HTTP/1.1\r\n${HEADERS}\r\n\r\n`);
  }

  #rest(): void {
    if (plan.perSecond === null && !isStopping) this.send();
    else idle.push(this);
  }

  #read(chunk: string): void {
    this.#text += chunk;
    const head = this.#text.indexOf("\r\n\r\n");
    if (head < 0) return;
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(this.#text)?.[1] ?? 0);
    if (this.#text.length < head + 4 + length) return;
    const code = this.#text.slice(9, 12);
    this.#text = this.#text.slice(head + 4 + length);
    if (this.#event < 0) return;
    this.#finish(code === "200" ? OK : code === "503" ? REFUSED : OTHER);
    if (this.#socket !== null) this.#rest();
  }

  #finish(result: number): void {
    status[this.#event] = result;
    latency[this.#event] = performance.now() - (latency[this.#event] ?? 0);
    if (result === OK) answered++;
    else if (result === REFUSED) refused++;
    this.#event = -1;
    waiting--;
  }
}

for (let index = 0; index < plan.connections; index++) {
  const connection = new Connection();
  setTimeout(() => connection.open(), index / 20);
}

let owed = 0;
let before = performance.now();
setInterval(() => {
  const now = performance.now();
  // What could not be sent in time is not made up for in one burst.
  owed = Math.min(owed + ((now - before) / 1000) * (plan.perSecond ?? 0), plan.connections);
  before = now;
  while (!isStopping && owed >= 1 && idle.length > 0) {
    const connection = idle.shift();
    if (connection?.isOpen !== true) continue;
    connection.send();
    owed--;
  }
}, TICK_MS);
setInterval(() => process.stdout.write(`${answered} ${refused} ${waiting}\n`), 50);

process.stdin.once("data", async () => {
  isStopping = true;
  const deadline = Date.now() + DRAIN_MS;
  while (waiting > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
  const records = Buffer.alloc(sent * RECORD_BYTES);
  for (let event = 0; event < sent; event++) {
    const at = event * RECORD_BYTES;
    const result = status[event] ?? NOT_SENT;
    records[at] = result === NOT_SENT ? UNANSWERED : result;
    records.writeFloatLE(latency[event] ?? 0, at + 1);
    records.writeDoubleLE(sentAt[event] ?? 0, at + 5);
  }
  writeFileSync(plan.file, records);
  process.exit(0);
});
