import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ASSETS } from "../../src/admin/page/assets.ts";

const FOLDER = join(import.meta.dirname, "../../src/admin/page");
const served = Object.keys(ASSETS).filter((path) => path !== "/");

test("ASSETS serve every script, style and image of the folder", () => {
  const there = readdirSync(FOLDER).filter((name) => /\.(?:js|css|svg)$/.test(name));
  expect(served.toSorted()).toEqual(there.map((name) => `/page/${name}`).toSorted());
});

test("ASSETS are what the page asks for, and nothing else", () => {
  const asked = Object.entries(ASSETS).flatMap(([path, { text }]) =>
    path === "/"
      ? Array.from(text.matchAll(/(?:href|src)="([^"]+)"/g), ([, to = ""]) => to)
      : Array.from(text.matchAll(/ from "\.\/([^"]+)"/g), ([, name = ""]) => `/page/${name}`),
  );
  expect([...new Set(asked)].toSorted()).toEqual(served.toSorted());
});

test("ASSETS weigh at most 75 KB together", () => {
  const bytes = Object.values(ASSETS).reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  expect(bytes).toBeLessThanOrEqual(75_000);
});
