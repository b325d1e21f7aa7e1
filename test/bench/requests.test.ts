import { expect, test } from "bun:test";
import { FRESH_ID } from "./load.ts";
import { createRequests } from "./requests.ts";

test("createRequests gives the targets in turn, each with the headers at its place", () => {
  const requestOf = createRequests({ targets: ["/a", "/b"], headers: [{ Accept: "1" }, { Accept: "2" }] });
  const texts = [0, 1, 2].map((nth) => requestOf(nth).toString());
  expect(texts).toEqual([
    "GET /a HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: 1\r\n\r\n",
    "GET /b HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: 2\r\n\r\n",
    "GET /a HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: 1\r\n\r\n",
  ]);
});

test("createRequests puts an id that no other request has in the place of FRESH_ID, as long as it", () => {
  const requestOf = createRequests({ targets: [`/a?x.${FRESH_ID}=1`, `/b?id=${FRESH_ID}&y=ü`] });
  const ids = Array.from({ length: 1000 }, (_, nth) => {
    const [, id = ""] =
      /^GET \/(?:a\?x\.|b\?id=)([0-9a-f]{22})(?:=1|&y=ü) HTTP/.exec(requestOf(nth).toString()) ?? [];
    return id;
  });
  expect(new Set(ids).size).toBe(1000);
  expect(ids).not.toContain("");
  expect(ids.map((id) => Number(id.slice(-9)))).toEqual(ids.map((_, nth) => nth));
});
