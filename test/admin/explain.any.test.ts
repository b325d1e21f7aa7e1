import { expect, test } from "bun:test";
import fc from "fast-check";
import { createExplain } from "../../src/admin/explain.ts";
import { rejectedSubject } from "../../src/config/subject.ts";
import { eventIn } from "../support/decisions.ts";
import { NOW, SOURCES, startApp } from "../support/publicapp.ts";

const PATHS = ["/pixel/v1/page", "/pixel/v1/track", "/pixel/v1/page.gif", "/pixel/v1/track.gif"];
const QUERIES = [
  "event=e",
  "userId=u",
  "context=x",
  "a=%C3%BC",
  "name=ü",
  "a=1&a=2",
  `b=${"x".repeat(2000)}`,
];
const HEADERS: readonly [string, string][] = [
  ["User-Agent", "Googlebot/2.1"],
  ["User-Agent", "curl/8.14.1"],
  ["Sec-Fetch-Dest", "image"],
  ["Sec-Fetch-Dest", "empty"],
  ["Accept", "image/webp,*/*"],
  ["Sec-GPC", "1"],
  ["DNT", "1"],
  ["Cookie", "pixelgate_id=0f9ac4c3-6f5e-4f9a-8f5d-2f6f3f0a9c11"],
];

test("createExplain says what the public port answers and publishes, whatever is asked", async () => {
  const writeKey = fc.constantFrom("nobody", "", ...SOURCES.keys());
  const query = fc.subarray(QUERIES).map((parts) => parts.join("&"));
  const property = fc.asyncProperty(
    fc.constantFrom(...PATHS),
    writeKey,
    query,
    fc.subarray([...HEADERS]),
    async (path, key, rest, headers) => {
      const { send, outgoing, rejected } = startApp();
      const target = `${path}?writeKey=${key}&${rest}`;
      let ids = 0;
      const explain = createExplain({
        maxUrlBytes: 2048,
        trustedProxies: null,
        stream: { prefix: "pixel" },
        sources: () => SOURCES,
        newId: () => `new-${++ids}`,
        clock: () => Date.parse(NOW),
      });
      const answer = await send(target, { headers });
      const said = explain(target, new Headers(headers), "192.0.2.1");

      expect(said.status).toBe(answer.status);
      expect(said.reply).toBe(answer.headers.get("content-type") === "image/gif" ? "gif" : "text");
      const reason = answer.headers.get("x-pixelgate-error") ?? answer.headers.get("x-pixelgate-dropped");
      expect(said.reason).toBe(reason ?? (answer.status === 200 ? null : answer.text));
      expect(said.event).toEqual(outgoing.map(eventIn).at(0) ?? null);
      expect(said.messages.length > 0).toBe(outgoing.length > 0);
      const [sourceId] = rejected[0] ?? [];
      expect(said.rejectedTo).toBe(
        sourceId === undefined ? null : rejectedSubject("pixel", String(sourceId)),
      );
    },
  );
  await fc.assert(property, { numRuns: 500 });
});
