import { expect, test } from "bun:test";
import { type AptAnswer, type Machine, prepare, whyNotInstalled } from "./setup.ts";
import type { ProgramName } from "./system.ts";

const DONE: AptAnswer = { isDone: true, output: "" };

/** A machine with everything but these, where apt-get brings what it has and is asked for; and what happened there. */
function machineWithout(names: readonly ProgramName[], fields: Partial<Machine> = {}) {
  const absent = new Set<string>(names);
  const said: string[] = [];
  const machine: Machine = {
    has: (name) => !absent.has(name),
    obstacle: null,
    aptGet(...words) {
      said.push(`> ${words.join(" ")}`);
      const asked = words.filter((word) => absent.has(word));
      if (words.includes("--simulate")) {
        return {
          isDone: true,
          output: asked.map((name) => `Inst lib${name} (1)\nInst ${name} (2)`).join("\n"),
        };
      }
      for (const name of asked) absent.delete(name);
      return DONE;
    },
    disable: (service) => void said.push(`> disable ${service}`),
    ...fields,
  };
  return { said, canRun: prepare(machine, (line) => said.push(line)) };
}

test("prepare says and installs nothing where nothing is absent that it would install", () => {
  expect(machineWithout([])).toEqual({ said: [], canRun: true });
  expect(machineWithout(["wrk", "promtool", "docker-compose"])).toEqual({ said: [], canRun: true });
});

test("prepare says what is absent, what for, and how to go without, before it asks apt-get for anything", () => {
  const { said, canRun } = machineWithout(["strace", "openssl"]);
  expect(canRun).toBe(true);
  const before = said.slice(
    0,
    said.findIndex((line) => line.startsWith("> ")),
  );
  expect(before).toEqual([
    "The tests use programs that this machine lacks:",
    "  strace: for the proof that a 200 of the spool follows an fsync",
    "  openssl: for certificates of a test's own, for NATS over TLS",
    "They come with Debian's packages strace, openssl, which are installed now",
    "To go without, end this and set PIXELGATE_TEST_INSTALL=no: tests that need one are skipped and say so",
  ]);
});

test("prepare updates once, installs once, and names every package before it comes", () => {
  const { said } = machineWithout(["strace", "openssl"]);
  expect(said.slice(5)).toEqual([
    "> update",
    "> install -y --no-install-recommends --simulate strace",
    "> install -y --no-install-recommends --simulate openssl",
    "apt-get install -y --no-install-recommends strace openssl",
    "  4 packages with what they depend on: libstrace strace libopenssl openssl",
    "> install -y --no-install-recommends strace openssl",
  ]);
});

test("prepare asks for a package once that has two programs", () => {
  const { said } = machineWithout(["unshare", "setpriv"]);
  expect(said).toContain("They come with Debian's packages util-linux, which are installed now");
});

test("prepare keeps the service of a package from starting with the machine", () => {
  const { said, canRun } = machineWithout(["nats-server"]);
  expect(said.at(-1)).toBe("> disable nats-server.service");
  expect(canRun).toBe(true);
});

test("prepare leaves a service alone whose program was there before", () => {
  expect(machineWithout(["strace"]).said.join()).not.toContain("disable");
});

test("prepare installs nothing where it must not, and says what becomes of the tests", () => {
  const { said, canRun } = machineWithout(["strace"], { obstacle: "PIXELGATE_TEST_INSTALL is no" });
  expect(said).toEqual([
    "The tests use programs that this machine lacks:",
    "  strace: for the proof that a 200 of the spool follows an fsync",
    "Nothing is installed: PIXELGATE_TEST_INSTALL is no",
    "There is no strace: tests that need it are skipped (Debian: apt-get install strace)",
  ]);
  expect(canRun).toBe(true);
});

test("prepare says that the tests cannot run without nats-server", () => {
  const { said, canRun } = machineWithout(["nats-server"], { obstacle: "only root may" });
  expect(said.at(-1)).toBe(
    "There is no nats-server: the tests cannot run (Debian: apt-get install nats-server)",
  );
  expect(canRun).toBe(false);
});

test("prepare installs the others where one package is not to be had, with apt-get's reason", () => {
  const asked: string[] = [];
  const { said, canRun } = machineWithout(["strace", "chromium"], {
    aptGet(...words) {
      asked.push(words.join(" "));
      return words.includes("chromium")
        ? { isDone: false, output: "Reading…\nE: Unable to locate package chromium\n" }
        : DONE;
    },
  });
  expect(said).toContain("Cannot install chromium: Unable to locate package chromium");
  expect(asked.at(-1)).toBe("install -y --no-install-recommends strace");
  expect(canRun).toBe(true);
});

test("prepare says when packages cannot be installed, and what becomes of the tests", () => {
  const { said, canRun } = machineWithout(["nats-server"], {
    aptGet: (...words) =>
      words.includes("--simulate") ? DONE : { isDone: false, output: "E: No space left on the device" },
  });
  expect(said).toContain("Cannot update the lists of packages: No space left on the device");
  expect(said).toContain("Cannot install nats-server: No space left on the device");
  expect(said.join()).not.toContain("disable");
  expect(canRun).toBe(false);
});

test("whyNotInstalled lets root with apt-get install, unless told otherwise", () => {
  for (const wish of [undefined, "", "yes"]) expect(whyNotInstalled(wish, true, true)).toBeNull();
  expect(whyNotInstalled("no", true, true)).toBe("PIXELGATE_TEST_INSTALL is no");
  expect(whyNotInstalled(undefined, true, false)).toBe("there is no apt-get here");
  expect(whyNotInstalled("yes", false, true)).toBe("only root may");
});

test("whyNotInstalled refuses a wish that it cannot read", () => {
  expect(() => whyNotInstalled("never", true, true)).toThrow(
    'Cannot read PIXELGATE_TEST_INSTALL: "never" is not yes or no',
  );
});
