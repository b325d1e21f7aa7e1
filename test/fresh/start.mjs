// Runs inside, on Node alone: starts the gateway as the README says, does what it says to do next, and ends it as Ctrl-C
// would.
import { spawn } from "node:child_process";

const START_MS = 240_000;
const STOP_MS = 20_000;

const child = spawn("npx", ["bun", "start"], { stdio: ["ignore", "pipe", "pipe"], detached: true });
let output = "";
let isEnding = false;

function fail(what) {
  console.error(`Cannot start as the README says: ${what}\n${output}`);
  process.exit(1);
}

/** The address in the line that says what to try. */
const address = new Promise((resolve) => {
  const read = (text) => {
    output += text;
    const found = /curl '(http:[^']+)'/.exec(output);
    if (found !== null) resolve(found[1]);
  };
  child.stdout.setEncoding("utf8").on("data", read);
  child.stderr.setEncoding("utf8").on("data", read);
});
const ended = new Promise((resolve) => child.once("exit", resolve));
const limit = setTimeout(() => fail(`it does not say what to try after ${START_MS} ms`), START_MS);
ended.then((code) => {
  if (!isEnding) fail(`exit code ${code}`);
});

const url = await address;
clearTimeout(limit);
console.log(output.trimEnd());
const response = await fetch(url);
const text = await response.text();
console.log(`GET ${url}: ${response.status} ${text}`);
if (response.status !== 200 || text !== "OK") fail("the pixel is not answered with 200 OK");
setTimeout(() => fail(`it goes on ${STOP_MS} ms after SIGINT`), STOP_MS);
isEnding = true;
// To all of them, as a terminal does.
process.kill(-child.pid, "SIGINT");
await ended;
console.log("It ended on SIGINT");
process.exit();
