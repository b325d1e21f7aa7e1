// The files of the live page, as text inside the program: the binary needs nothing beside it.
import builder from "./builder.js" with { type: "text" };
import chart from "./chart.js" with { type: "text" };
import dom from "./dom.js" with { type: "text" };
import icon from "./icon.svg" with { type: "text" };
import index from "./index.htm" with { type: "text" };
import main from "./main.js" with { type: "text" };
import page from "./page.css" with { type: "text" };
import snippets from "./snippets.js" with { type: "text" };
import stream from "./stream.js" with { type: "text" };

/** A file of the page: its content type, and its text. */
export interface Asset {
  readonly type: string;
  readonly text: string;
}

const html = "text/html; charset=utf-8";
const css = "text/css; charset=utf-8";
const script = "text/javascript; charset=utf-8";

/** Every file of the page by its path on the admin port. */
export const ASSETS: Readonly<Record<string, Asset>> = {
  "/": { type: html, text: index },
  "/page/page.css": { type: css, text: page },
  "/page/icon.svg": { type: "image/svg+xml", text: icon },
  "/page/main.js": { type: script, text: main },
  "/page/stream.js": { type: script, text: stream },
  "/page/chart.js": { type: script, text: chart },
  "/page/builder.js": { type: script, text: builder },
  "/page/snippets.js": { type: script, text: snippets },
  "/page/dom.js": { type: script, text: dom },
};
