// Log lines on stdout: one JSON object each, or readable text on a terminal. Never a line per accepted event.
import { pino } from "pino";
import { PinoPretty } from "pino-pretty";

type Fields = Readonly<Record<string, unknown>>;

/** Where the gateway says what it does. Fields never hold a write key or a credential. */
export interface Log {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
}

/** Creates the log of a process; `level` is debug, info, warn, error or silent. */
export function createLog(level: string, isTerminal: boolean): Log {
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  // Both write at once: a worker thread would need a file beside the binary, and lose the last lines.
  const logger = isTerminal
    ? pino(options, PinoPretty({ sync: true, colorize: true, translateTime: "SYS:HH:MM:ss" }))
    : pino(options, pino.destination({ fd: 1, sync: true }));
  return {
    debug: (message, fields) => logger.debug(fields ?? {}, message),
    info: (message, fields) => logger.info(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    error: (message, fields) => logger.error(fields ?? {}, message),
  };
}
