// What an opened request shows: its event as JSON, and what was asked and answered.
import { copy, create } from "./dom.js";
import { encodePart } from "./quote.js";

/** Draws the detail of a request. @param {import("./record.js").LiveRecord} record */
export function drawDetail(record) {
  const json = JSON.stringify(record.event, null, 2);
  const copyJson = create("button", { type: "button", class: "small" }, "Copy JSON");
  copyJson.addEventListener("click", () => copy(copyJson, json));
  const copyTarget = create("button", { type: "button", class: "small" }, "Copy request");
  copyTarget.addEventListener("click", () => copy(copyTarget, record.target));
  const href = `/explain?url=${encodePart(record.target)}`;
  const explain = create("a", { href, target: "_blank", rel: "noopener", class: "small" }, "Explain");

  const parameters = create("dl", { class: "parameters" });
  const mark = record.target.indexOf("?");
  for (const [key, value] of new URLSearchParams(mark < 0 ? "" : record.target.slice(mark + 1))) {
    parameters.append(create("dt", {}, key), create("dd", {}, value));
  }
  const request = create(
    "section",
    { class: "request" },
    create("h3", { class: "heading" }, "Request"),
    create(
      "pre",
      { class: "raw", tabindex: "0" },
      `GET ${record.target}\nUser-Agent: ${record.userAgent ?? "—"}`,
    ),
    create(
      "p",
      { class: "answer" },
      `Answered ${record.status}${record.reason === null ? "" : `: ${record.reason}`}`,
    ),
    parameters,
    create("p", { class: "actions" }, copyTarget, explain),
  );
  const detail = create("div", { class: "detail" });
  if (record.event !== null) {
    detail.append(
      create(
        "section",
        { class: "event" },
        create("h3", { class: "heading" }, "Event"),
        drawJson(json),
        create("p", { class: "actions" }, copyJson),
      ),
    );
  }
  detail.append(request);
  return detail;
}

/** @param {string} json */
function drawJson(json) {
  const pre = create("pre", { tabindex: "0" });
  for (const line of json.split("\n")) {
    const [, space = "", key, rest = ""] = /^(\s*)("(?:[^"\\]|\\.)*")(: .*)$/.exec(line) ?? [];
    if (key === undefined) pre.append(`${line}\n`);
    else pre.append(space, create("span", { class: "key" }, key), `${rest}\n`);
  }
  return pre;
}
