// The program. Reads its words, runs the verb, ends with its exit code.
import { run } from "./cli/cli.ts";

process.exit(await run(process.argv.slice(2)));
