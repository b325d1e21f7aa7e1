// What the viewer asks to see: sent to the gateway, and applied again to what is already here.
import { byId } from "./dom.js";
import { ACCEPTED } from "./outcome.js";

const search = byId("filter-text", HTMLInputElement);
const selects = {
  source: byId("filter-source", HTMLSelectElement),
  destination: byId("filter-destination", HTMLSelectElement),
  type: byId("filter-type", HTMLSelectElement),
  outcome: byId("filter-outcome", HTMLSelectElement),
};

/**
 * Tells of each change: of the text, which this page alone looks for, and of a choice, which the gateway filters by too.
 * @param {{ onSearch: () => void, onSelect: () => void }} listener
 */
export function startFilter({ onSearch, onSelect }) {
  for (const select of Object.values(selects)) select.addEventListener("change", onSelect);
  search.addEventListener("input", onSearch);
}

/** The query of `/live`: the gateway then sends nothing that is not wanted. */
export function writeFilter() {
  const query = new URLSearchParams();
  for (const [name, select] of Object.entries(selects)) {
    if (select.value !== "") query.set(name, select.value === "_unknown" ? "" : select.value);
  }
  return query;
}

/** Whether a request is wanted. @param {import("./record.js").LiveRecord} record */
export function matches(record) {
  const { source, destination, type, outcome } = selects;
  const outcomes = outcome.value === "accepted" ? ACCEPTED : [outcome.value];
  if (source.value !== "" && source.value !== (record.sourceId ?? "_unknown")) return false;
  if (destination.value !== "" && !record.destinations.includes(destination.value)) return false;
  if (type.value !== "" && type.value !== record.type) return false;
  if (outcome.value !== "" && !outcomes.includes(record.outcome)) return false;
  const wanted = search.value.trim().toLowerCase();
  return wanted === "" || JSON.stringify(record).toLowerCase().includes(wanted);
}
