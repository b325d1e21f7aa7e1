import { expect, test } from "bun:test";
import { findRoute, PIXEL_ROUTES } from "../../src/server/routes.ts";

test("PIXEL_ROUTES are a path for each type, with and without .gif", () => {
  expect(PIXEL_ROUTES).toEqual([
    { path: "/pixel/v1/page", type: "page", pathForm: null },
    { path: "/pixel/v1/page.gif", type: "page", pathForm: "gif" },
    { path: "/pixel/v1/track", type: "track", pathForm: null },
    { path: "/pixel/v1/track.gif", type: "track", pathForm: "gif" },
  ]);
});

const rows: readonly [target: string, path: string | null][] = [
  ["/pixel/v1/page", "/pixel/v1/page"],
  ["/pixel/v1/page?a=/pixel/v1/track", "/pixel/v1/page"],
  ["/pixel/v1/track.gif?", "/pixel/v1/track.gif"],
  ["/pixel/v1/track#?", "/pixel/v1/track"],
  ["/pixel/v1/page/", null],
  ["/pixel/v1/pages", null],
  ["/pixel/v1/page.png", null],
  ["/PIXEL/v1/page", null],
  ["//pixel/v1/page", null],
  ["?/pixel/v1/page", null],
  ["", null],
];
for (const [target, path] of rows) {
  test(`findRoute finds ${path ?? "no route"} in ${JSON.stringify(target)}`, () => {
    expect(findRoute(target)?.path ?? null).toBe(path);
  });
}
