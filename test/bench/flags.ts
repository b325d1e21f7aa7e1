// What the benches' command lines have in common. A flag that cannot be read ends the process before anything starts.

/** A flag's value as a whole number from 1; ends the process with one line and exit code 2 when it is none. */
export function readCount(name: string, text: string): number {
  return /^[1-9]\d*$/.test(text) ? Number(text) : refuse(name, `"${text}" is not a whole number from 1`);
}

/** Ends the process with one line and exit code 2. */
export function refuse(name: string, reason: string): never {
  console.error(`Cannot use --${name}: ${reason}`);
  process.exit(2);
}
