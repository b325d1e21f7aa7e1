// The process of a load generator: it gets its load over stdin, for a thousand targets are more than one argument may hold.

/** Runs a generator that reads a load from stdin and writes what came back to stdout, both as JSON. */
export async function runGenerator<Result>(program: string, load: unknown): Promise<Result> {
  const child = Bun.spawn([process.execPath, program], {
    stdin: new TextEncoder().encode(JSON.stringify(load)),
    stdout: "pipe",
    stderr: "inherit",
  });
  const output = await child.stdout.text();
  const code = await child.exited;
  if (code !== 0) throw new Error(`Cannot send load: the generator ended with exit code ${code}`);
  return JSON.parse(output) as Result;
}
