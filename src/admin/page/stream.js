// Requests as they happen: the feed, through the filter, into the list.
import { openFeed } from "./feed.js";
import { startFilter, writeFilter } from "./filter.js";
import { applyFilter, startList, take } from "./list.js";

/** Starts the stream and its controls. */
export function startStream() {
  const connect = () => openFeed(writeFilter(), take);
  connect();
  startFilter({
    onSearch: applyFilter,
    onSelect: () => {
      applyFilter();
      connect();
    },
  });
  startList();
}
