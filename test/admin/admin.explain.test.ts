import { afterAll, expect, test } from "bun:test";
import { openPorts } from "../support/ports.ts";

const ports = openPorts();
const { adminUrl } = ports;
afterAll(async () => {
  await ports.close();
  expect(ports.faults).toEqual([]);
});

const ask = (path: string, init?: RequestInit) => fetch(`${adminUrl}${path}`, init);

const questions = [
  ["an encoded URL", `url=${encodeURIComponent("/pixel/v1/track?writeKey=wk_blog&event=Hi&userId=u1")}`],
  ["a URL pasted as it is", "url=/pixel/v1/track?writeKey=wk_blog&event=Hi&userId=u1"],
  ["a whole URL", "url=https://px.example.com/pixel/v1/track?writeKey=wk_blog&event=Hi&userId=u1"],
] as const;

for (const [what, query] of questions) {
  test(`createAdmin explains ${what} and publishes nothing`, async () => {
    const kept = ports.kept.length;
    const totals = ports.metrics.totals();
    const response = await ask(`/explain?header=Referer:%20https://example.com/&peer=192.0.2.9&${query}`, {
      headers: { "User-Agent": "operator", "Accept-Language": "xx", Cookie: "a=b", DNT: "1" },
    });
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    const explanation = (await response.json()) as {
      event: { context: object; userId: string };
      messages: object[];
    };
    expect(explanation).toMatchObject({ outcome: "accepted", status: 200, type: "track", source: "blog" });
    expect(explanation.event).toMatchObject({ event: "Hi", userId: "u1", request_ip: "192.0.2.9" });
    // Those of the question, and none of the operator's own.
    expect(explanation.event.context).toMatchObject({
      page: { url: "https://example.com/" },
      gateway: { flags: [] },
    });
    expect(explanation.event.context).not.toHaveProperty("userAgent");
    expect(explanation.event.context).not.toHaveProperty("locale");
    expect(explanation.messages).toHaveLength(2);
    expect(ports.kept.length).toBe(kept);
    expect(ports.metrics.totals()).toEqual(totals);
  });
}

test("createAdmin says what it cannot explain", async () => {
  const empty = await ask("/explain");
  expect(empty.status).toBe(400);
  expect(await empty.json()).toEqual({ error: expect.stringMatching(/^Cannot explain: no url given/) });
  const broken = await ask("/explain?header=no%20colon&url=/pixel/v1/page");
  expect(broken.status).toBe(400);
  const long = await ask(`/explain?url=${"x".repeat(9000)}`);
  expect(await long.json()).toMatchObject({ outcome: "rejected", status: 404 });
});
