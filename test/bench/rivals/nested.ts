// What one would write to make an event of dotted parameters: `context.page.url=…` goes into objects, one in the other.

/** The event of some parameters; the first of a repeated one counts. */
export function nested(parameters: Iterable<readonly [string, string | readonly string[] | undefined]>) {
  const event: Record<string, unknown> = {};
  for (const [key, value] of parameters) {
    const names = key.split(".");
    const last = names.pop() ?? key;
    let object = event;
    for (const name of names) {
      if (typeof object[name] !== "object") object[name] = {};
      object = object[name] as Record<string, unknown>;
    }
    object[last] ??= Array.isArray(value) ? value[0] : value;
  }
  return event;
}
