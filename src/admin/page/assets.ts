// The files of the live page, as text inside the program: the binary needs nothing beside it.
import baseStyle from "./base.css" with { type: "text" };
import builderStyle from "./builder.css" with { type: "text" };
import builderScript from "./builder.js" with { type: "text" };
import chartScript from "./chart.js" with { type: "text" };
import detailStyle from "./detail.css" with { type: "text" };
import detailScript from "./detail.js" with { type: "text" };
import domScript from "./dom.js" with { type: "text" };
import feedScript from "./feed.js" with { type: "text" };
import filterScript from "./filter.js" with { type: "text" };
import formatScript from "./format.js" with { type: "text" };
import glanceScript from "./glance.js" with { type: "text" };
import icon from "./icon.svg" with { type: "text" };
import index from "./index.htm" with { type: "text" };
import layoutStyle from "./layout.css" with { type: "text" };
import listScript from "./list.js" with { type: "text" };
import mainScript from "./main.js" with { type: "text" };
import narrowStyle from "./narrow.css" with { type: "text" };
import outcomeScript from "./outcome.js" with { type: "text" };
import overviewStyle from "./overview.css" with { type: "text" };
import quoteScript from "./quote.js" with { type: "text" };
import recordScript from "./record.js" with { type: "text" };
import snippetsScript from "./snippets.js" with { type: "text" };
import streamStyle from "./stream.css" with { type: "text" };
import streamScript from "./stream.js" with { type: "text" };
import troubleScript from "./trouble.js" with { type: "text" };
import troublesStyle from "./troubles.css" with { type: "text" };
import troublesScript from "./troubles.js" with { type: "text" };

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
  "/page/icon.svg": { type: "image/svg+xml", text: icon },
  "/page/base.css": { type: css, text: baseStyle },
  "/page/overview.css": { type: css, text: overviewStyle },
  "/page/troubles.css": { type: css, text: troublesStyle },
  "/page/layout.css": { type: css, text: layoutStyle },
  "/page/stream.css": { type: css, text: streamStyle },
  "/page/detail.css": { type: css, text: detailStyle },
  "/page/builder.css": { type: css, text: builderStyle },
  "/page/narrow.css": { type: css, text: narrowStyle },
  "/page/main.js": { type: script, text: mainScript },
  "/page/glance.js": { type: script, text: glanceScript },
  "/page/outcome.js": { type: script, text: outcomeScript },
  "/page/format.js": { type: script, text: formatScript },
  "/page/troubles.js": { type: script, text: troublesScript },
  "/page/trouble.js": { type: script, text: troubleScript },
  "/page/stream.js": { type: script, text: streamScript },
  "/page/feed.js": { type: script, text: feedScript },
  "/page/filter.js": { type: script, text: filterScript },
  "/page/list.js": { type: script, text: listScript },
  "/page/record.js": { type: script, text: recordScript },
  "/page/detail.js": { type: script, text: detailScript },
  "/page/chart.js": { type: script, text: chartScript },
  "/page/builder.js": { type: script, text: builderScript },
  "/page/snippets.js": { type: script, text: snippetsScript },
  "/page/quote.js": { type: script, text: quoteScript },
  "/page/dom.js": { type: script, text: domScript },
};
