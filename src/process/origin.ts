// Where somebody on this machine finds a port of ours.

/** The URL of a port, without a path; a port on every address is found at 127.0.0.1. */
export function originOf(host: string, port: number): string {
  const name = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${port}`;
}
