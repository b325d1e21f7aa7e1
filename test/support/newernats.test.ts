import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { debianMirror, type Run, unpackNewerNats } from "./newernats.ts";

const TARGETS = `
Elsewhere|main|http://packages.example/|bookworm
Debian|main|http://mirror.example/security/|bookworm-security
Debian|contrib|http://mirror.example/contrib/|bookworm
Debian|main|http://mirror.example/debian/|bookworm
`;

/** A mirror whose releases have these versions of nats-server, as programs that tell theirs. */
function mirrorWith(versions: Record<string, string>) {
  const words: string[] = [];
  const run: Run = (program, given, folder) => {
    words.push([program, ...given.filter((word) => !word.startsWith("-o") && !word.includes("="))].join(" "));
    if (given[0] === "indextargets") return TARGETS;
    if (given.includes("download")) writeFileSync(join(folder, "nats-server.deb"), "");
    if (program === "dpkg-deb") {
      mkdirSync(join(folder, "usr/sbin"), { recursive: true });
      const path = join(folder, "usr/sbin/nats-server");
      writeFileSync(path, `#!/bin/sh\necho nats-server: v${versions[basename(folder)]}\n`);
      chmodSync(path, 0o755);
    }
    return "";
  };
  return { run, words };
}

function unpack(versions: Record<string, string>) {
  const cache = mkdtempSync(join(tmpdir(), "pixelgate-test-"));
  const said: string[] = [];
  const { run, words } = mirrorWith(versions);
  try {
    unpackNewerNats((line) => said.push(line.replaceAll(cache, "~")), run, cache);
    return { said, words, sources: readFileSync(join(cache, "sources.list"), "utf8") };
  } finally {
    rmSync(cache, { recursive: true });
  }
}

test("unpackNewerNats asks the machine's own mirror for newer releases and prints the line that names their servers", () => {
  const { said, words, sources } = unpack({ stable: "98.0.1", testing: "99.10.0" });
  expect(sources).toMatch(/^deb .*http:\/\/mirror\.example\/debian\/ stable main$/m);
  expect(sources).toMatch(/^deb .*http:\/\/mirror\.example\/debian\/ testing main$/m);
  expect(words.filter((line) => line.includes("download"))).toHaveLength(2);
  expect(said.at(-1)).toMatch(
    /^NATS_SERVERS=\S+,~\/stable\/usr\/sbin\/nats-server,~\/testing\/usr\/sbin\/nats-server$/,
  );
});

test("unpackNewerNats names no server that is no newer than the machine's own, and none twice", () => {
  expect(unpack({ stable: "0.0.1", testing: "99.0.0" }).said.at(-1)).toMatch(
    /^NATS_SERVERS=[^~]+,~\/testing\/usr\/sbin\/nats-server$/,
  );
  expect(unpack({ stable: "99.0.0", testing: "99.0.0" }).said.at(-1)).toMatch(
    /^NATS_SERVERS=[^~]+,~\/stable\/usr\/sbin\/nats-server$/,
  );
});

test("debianMirror takes Debian's own main, and says what to do where there is none", () => {
  expect(debianMirror(TARGETS)).toBe("http://mirror.example/debian/");
  expect(() => debianMirror("")).toThrow("apt has no source of Debian: apt-get update");
});
