// Faults of what the live page shows of outcomes and troubles.
import type { Mutant } from "./mutant.ts";

export const PAGE: readonly Mutant[] = [
  {
    name: "the page does not count what is in quarantine as accepted",
    file: "src/admin/page/outcome.js",
    from: '["published", "spooled", "quarantined"]',
    to: '["published", "spooled"]',
    tests: ["test/admin/page.words.test.ts"],
  },
  {
    name: "the page counts a rejection as a failure, too",
    file: "src/admin/page/glance.js",
    from: 'failed: ["failed"]',
    to: "failed: ERRORS",
    tests: ["test/admin/page.words.test.ts"],
  },
  {
    name: "the place of troubles stays while all is well",
    file: "src/admin/page/troubles.js",
    from: "section.hidden = troubles.length === 0;",
    to: "section.hidden = false;",
    tests: ["test/admin/page.troubles.test.ts"],
  },
  {
    name: "each look draws the troubles anew",
    file: "src/admin/page/troubles.js",
    from: "if (item !== list.children[index]) list",
    to: "list",
    tests: ["test/admin/page.troubles.test.ts"],
  },
  {
    name: "troubles that are cut off are out of the keyboard's reach",
    file: "src/admin/page/troubles.js",
    from: "list.tabIndex = 0;",
    to: "list.tabIndex = -1;",
    tests: ["test/admin/page.troubles.test.ts"],
  },
  {
    name: "the quarantine of a destination that is open is not shown",
    file: "src/admin/page/trouble.js",
    from: "!isRefusing && quarantined === 0",
    to: "!isRefusing",
    tests: ["test/admin/page.troubles.test.ts"],
  },
  {
    name: "a destination is over its share for ever",
    file: "src/admin/page/trouble.js",
    from: "return nowMs - grewMs < REFUSING_MS;",
    to: "return Number.isFinite(grewMs);",
    tests: ["test/admin/page.troubles.test.ts"],
  },
  {
    name: "the beginning of a trouble flickers between two minutes",
    file: "src/admin/page/trouble.js",
    from: "Math.abs(known - atMs) < SAME_MS",
    to: "known === atMs",
    tests: ["test/admin/page.troubles.test.ts"],
  },
  {
    name: "colour alone tells a trouble that loses events",
    file: "src/admin/page/troubles.css",
    from: "5px double var(--bad)",
    to: "5px solid var(--bad)",
    tests: ["test/admin/page.fit.test.ts"],
  },
];
