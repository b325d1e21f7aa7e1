// Faults of who may look at the admin port, of what its page quotes, and of what a faulty setting shows.
import type { Mutant } from "./mutant.ts";

export const ADMIN: readonly Mutant[] = [
  {
    name: "a Host that cannot be read passes for localhost",
    file: "src/admin/hostguard.ts",
    from: 'return name?.toLowerCase().replace(/\\.$/, "") || null;',
    to: 'return name?.toLowerCase().replace(/\\.$/, "") || "localhost";',
    tests: ["test/admin/hostguard.test.ts"],
  },
  {
    name: "a name without a dot counts as this machine's",
    file: "src/admin/hostguard.ts",
    from: 'return name === "localhost" || name.endsWith(".localhost");',
    to: 'return !name.includes(".") || name.endsWith(".localhost");',
    tests: ["test/admin/hostguard.test.ts"],
  },
  {
    name: "the admin port asks for no token",
    file: "src/admin/admin.ts",
    from: "guardHost(request, allowedHosts) ?? guardToken(request);",
    to: "guardHost(request, allowedHosts);",
    tests: ["test/admin/admin.guard.test.ts"],
  },
  {
    name: "an unknown path of the admin port is told to everybody",
    file: "src/admin/admin.ts",
    from: 'return guard({ request }) ?? reply("not found", TEXT, 404);',
    to: 'return reply("not found", TEXT, 404);',
    tests: ["test/admin/admin.guard.test.ts"],
  },
  {
    name: "the user name passes for the token",
    file: "src/admin/tokenguard.ts",
    from: "pair.slice(colon + 1)",
    to: 'pair.replace(/:$/, "").slice(pair.endsWith(":") ? 0 : colon + 1)',
    tests: ["test/admin/tokenguard.test.ts"],
  },
  {
    name: "half a surrogate pair throws in the builder",
    file: "src/admin/page/quote.js",
    from: "encodeURIComponent(text.toWellFormed())",
    to: "encodeURIComponent(text)",
    tests: ["test/admin/page.quote.test.ts"],
  },
  {
    name: "the page asks by relative addresses",
    file: "src/admin/page/main.js",
    from: 'fetch(addressOf("/sources.json"))',
    to: 'fetch("/sources.json")',
    tests: ["test/admin/page.token.test.ts"],
  },
  {
    name: "contents in the place of a path are quoted",
    file: "src/config/environment.ts",
    from: 'return isShowable(text) ? JSON.stringify(text) : "it";',
    to: "return JSON.stringify(text);",
    tests: ["test/config/environment.secrets.test.ts"],
  },
  {
    name: "a broken chunk is no reason to wait",
    file: "src/runtime/bun.ts",
    from: 'request.headers.has("transfer-encoding") ? answerWhole(request, answer) : answer(request);',
    to: "answer(request);",
    tests: ["test/blackbox/bun.test.ts"],
  },
];
