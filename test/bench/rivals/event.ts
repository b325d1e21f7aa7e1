// What one would write to make an event of dotted parameters: `context.page.url=…` goes into objects, one in the other.

/** The event of some parameters; the first of a repeated one counts. */
function nested(parameters: Iterable<readonly [string, string | readonly string[] | undefined]>) {
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

/** The event of a pixel: its parameters, and what the request says beside them. */
export function eventOf(
  parameters: Iterable<readonly [string, string | readonly string[] | undefined]>,
  type: string,
  ip: string | undefined,
  headers: Readonly<Record<string, string | string[] | undefined>>,
) {
  return {
    ...nested(parameters),
    type,
    messageId: crypto.randomUUID(),
    receivedAt: new Date().toISOString(),
    ip,
    userAgent: headers["user-agent"],
    locale: headers["accept-language"],
    referrer: headers.referer,
  };
}
