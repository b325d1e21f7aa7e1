import { expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter } from "node:events";
import type { FromWorker } from "../../src/process/worker.ts";
import { holdChild, holdSpawned } from "../../src/process/workerprocess.ts";
import { until } from "../support/until.ts";

/** Holds a real process that runs a script; `heard` is what it has sent. */
function hold(script: string, program = process.execPath) {
  const heard: unknown[] = [];
  const stdio = ["ignore", "ignore", "ignore", "ipc"] as const;
  const worker = holdChild(spawn(program, ["-e", script], { stdio: [...stdio] }), (message) =>
    heard.push(message),
  );
  return { worker, heard };
}

const ECHO = 'process.on("message", (message) => process.send(message)); process.send("ready")';

test("holdChild carries messages both ways, and signals", async () => {
  const { worker, heard } = hold(ECHO);
  await until("it is ready", () => heard.length === 1);
  expect(worker.tell({ kind: "watch", viewers: [] })).toBe(true);
  await until("the message has come back", () => heard.length === 2);
  expect(heard).toEqual(["ready", { kind: "watch", viewers: [] }]);
  worker.kill("SIGKILL");
  expect(await worker.ended).toEqual({ code: null, signal: "SIGKILL", error: null });
});

test("holdChild tells the exit code of a process that ends by itself, and that nobody reads any more", async () => {
  const { worker } = hold("process.exit(3)");
  expect(await worker.ended).toEqual({ code: 3, signal: null, error: null });
  expect(worker.tell({ kind: "watch", viewers: [] })).toBe(false);
  // Its number may be another's by now.
  expect(() => worker.kill("SIGKILL")).not.toThrow();
});

test("holdChild tells why there is no process at all", async () => {
  const { worker } = hold("", "/nowhere/program");
  const { code, signal, error } = await worker.ended;
  expect([code, signal]).toEqual([null, null]);
  expect(error?.message).toContain("ENOENT");
  expect(worker.tell({ kind: "watch", viewers: [] })).toBe(false);
});

test("holdSpawned tells of a spawn that throws, as of one that tells an error", async () => {
  for (const thrown of [new Error("ENOEXEC: unknown error"), "ENOEXEC: unknown error"]) {
    const worker = holdSpawned(
      () => {
        throw thrown;
      },
      () => {},
    );
    const { code, signal, error } = await worker.ended;
    expect([code, signal, error?.message]).toEqual([null, null, "ENOEXEC: unknown error"]);
    expect(worker.tell({ kind: "watch", viewers: [] })).toBe(false);
    expect(() => worker.kill("SIGKILL")).not.toThrow();
  }
});

/** A child whose events come in the order that the test says. */
function scripted() {
  const signals: unknown[] = [];
  const child = Object.assign(new EventEmitter(), {
    pid: 1,
    connected: true,
    send: () => true,
    kill: (signal: unknown) => signals.push(signal),
  });
  const heard: FromWorker[] = [];
  const worker = holdChild(child as unknown as ChildProcess, (message) => heard.push(message));
  return { child, signals, heard, worker };
}

test("holdChild hears nothing of a process that has ended", async () => {
  const { child, signals, heard, worker } = scripted();
  const listening: FromWorker = { kind: "listening", port: 1 };
  child.emit("message", listening);
  child.emit("exit", 0, null);
  child.emit("message", listening);
  expect(heard).toEqual([listening]);
  worker.kill("SIGTERM");
  expect(signals).toEqual([]);
  expect(await worker.ended).toEqual({ code: 0, signal: null, error: null });
});

test("holdChild takes an error of a process that runs for no end", async () => {
  const { child, signals, heard, worker } = scripted();
  child.emit("error", new Error("write EPIPE"));
  child.emit("message", { kind: "listening", port: 1 });
  expect(heard).toHaveLength(1);
  worker.kill("SIGTERM");
  expect(signals).toEqual(["SIGTERM"]);
  child.emit("exit", null, "SIGTERM");
  expect(await worker.ended).toEqual({ code: null, signal: "SIGTERM", error: null });
});
