import { expect } from "bun:test";
import { spawnSync } from "node:child_process";
import { eventIn } from "../support/decisions.ts";
import { openLivePages } from "../support/livepages.ts";
import { SOURCES } from "../support/ports.ts";

const live = openLivePages();
const { test } = live;

/** What somebody may type or paste. Playwright cannot type half a surrogate pair: the page puts it together itself. */
const HALF = "\\ud83d";

/** Types into a field of the builder. @param literal the inside of a string literal */
async function type(selector: string, literal: string): Promise<void> {
  await live.page.evaluate(`{
    const input = document.querySelector(${JSON.stringify(selector)});
    input.value = "${literal}";
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }`);
}

/** What a POSIX shell takes a line's words for. */
function wordsOf(line: string): string[] {
  const { stdout, status } = spawnSync("sh", ["-c", `printf '%s\\0' ${line}`], { encoding: "utf8" });
  expect(status).toBe(0);
  return stdout.split("\0").slice(0, -1);
}

/** Calls a function of the page's quote.js in the page. */
function call(name: string, literal: string): Promise<string> {
  return live.page.evaluate(`import("/page/quote.js").then((quote) => quote.${name}("${literal}"))`);
}

test("page takes half a surrogate pair in every field of the builder, in every form, and sends it as U+FFFD", async () => {
  await live.page.locator(".kind label", { hasText: "Track" }).click();
  await live.page.locator("summary", { hasText: "Properties" }).click();
  await live.page.locator("#builder-add").click();
  const fields = ["#builder-name", "[data-key=userId]", "[data-key='context.page.title']", "#builder-base"];
  for (const field of fields) await type(field, `a${HALF}`);
  await type(".property input:nth-of-type(1)", `k${HALF}`);
  await type(".property input:nth-of-type(2)", `{{ ${HALF} }}`);
  const texts: Record<string, string> = {};
  for (const form of ["url", "img", "noscript", "amp", "mail"]) {
    await live.page.locator(`#tab-${form}`).click();
    texts[form] = (await live.page.locator("#builder-code").textContent()) ?? "";
    expect(texts[form]).toContain("\ufffd");
  }
  expect(texts.url).toBe(
    "a\ufffd/pixel/v1/track?writeKey=wk_blog&userId=a%EF%BF%BD&context.page.title=a%EF%BF%BD&properties.k%EF%BF%BD={{ \ufffd }}&event=a%EF%BF%BD",
  );
  expect(texts.amp).not.toMatch(/\\ud/i);
  await live.page.locator("#builder-send").click();
  await live.page.locator("#builder-result", { hasText: "Sent" }).waitFor();
  expect(eventIn(live.ports.kept.at(-1))).toMatchObject({
    event: "a\ufffd",
    userId: "a\ufffd",
  });
});

test("page shows a line that works in a shell whatever the write key is", async () => {
  const writeKey = `it's "$HOME" \`id\` & {a} \\ [1-2]#%`;
  const [source] = SOURCES.values();
  await live.page.route("**/sources.json", (route) =>
    route.fulfill({
      json: {
        publicUrl: live.ports.publicUrl,
        sources: [{ ...source, writeKey, destinations: { page: [], track: [] } }],
        destinations: [],
      },
    }),
  );
  await live.page.reload();
  await live.page.locator("#attempt", { hasText: "curl" }).waitFor({ state: "attached" });
  const [program, url = "", ...rest] = wordsOf((await live.page.locator("#attempt").textContent()) ?? "");
  expect([program, rest]).toEqual(["curl", []]);
  expect(new URL(url).searchParams.get("writeKey")).toBe(writeKey);
  // Between the quotes that people put around it, it must not end them either.
  const shown = (await live.page.locator("#builder-code").textContent()) ?? "";
  expect(wordsOf(`'${shown}'`)).toEqual([shown]);
  expect(new URL(shown).searchParams.get("writeKey")).toBe(writeKey);
});

const WORDS = ["plain", "it's", "''", "'; rm -rf /'", '"$HOME" `id` \\\\', ""];
test("page quotes a word for a shell, a value for an attribute, and a target for explain", async () => {
  for (const word of WORDS) {
    const text: string = JSON.parse(`"${word.replaceAll('"', '\\"')}"`);
    const literal = word.replaceAll('"', '\\"');
    expect(wordsOf(await call("quoteWord", literal))).toEqual([text]);
  }
  expect(await call("escapeAttribute", '\\"<&\\"')).toBe("&quot;&lt;&amp;&quot;");
  expect(await call("encodePart", `'${HALF}&ü`)).toBe("%27%EF%BF%BD%26%C3%BC");
  const href: string = await live.page.evaluate(`import("/page/detail.js").then(({ drawDetail }) =>
    drawDetail({ target: "/pixel/v1/page?a='${HALF}", event: null, userAgent: null, status: 400, reason: null })
      .querySelector("a").getAttribute("href"))`);
  expect(href).toBe("/explain?url=%2Fpixel%2Fv1%2Fpage%3Fa%3D%27%EF%BF%BD");
});
