// What is wrong with the streams that destinations name: settings that cannot be read, that need a stream, that differ, and
// names that are taken. An item may have any shape: that is told elsewhere.
import { namePartitions } from "./layout.ts";
import { DestinationItem, STREAM_SETTINGS } from "./schema.ts";
import { type Steps, stepwise } from "./steps.ts";
import { STREAM_NAME } from "./subject.ts";
import { Fault, readBound, readDuration } from "./units.ts";

/** Tells a fault, with its path in the file. */
export type TellFault = (path: string, fault: string) => void;

type StreamSetting = (typeof STREAM_SETTINGS)[number];

/** Looks at the destinations of a file; `defaultStream` is the name of PIXELGATE_STREAM. */
export function* findStreamFaults(
  destinations: readonly unknown[],
  defaultStream: string,
  tell: TellFault,
): Steps<void> {
  /** Who says a setting of a stream first, and what. */
  const said = new Map<string, { readonly path: string; readonly value: unknown }>();
  /** Who makes a stream, and by which name. */
  const makers = new Map([[defaultStream, { path: "PIXELGATE_STREAM", named: defaultStream }]]);
  yield* stepwise(destinations, (destination, index) => {
    const path = `destinations[${index}]`;
    const item = Object(destination) as Readonly<Record<string, unknown>>;
    const { stream, partitions } = item;
    for (const name of STREAM_SETTINGS) {
      const value = readSetting(item, name, `${path}.${name}`, tell);
      if (isStreamName(stream)) compare(stream, name, value, `${path}.${name}`);
      else if (stream === undefined && value !== undefined)
        tell(`${path}.${name}`, "needs stream, which is missing");
    }
    if (isStreamName(stream) && isPartitions(partitions)) claim(stream, partitions, `${path}.stream`);
  });

  /** What one destination leaves unsaid of a stream counts from another; partitions make other streams, and are said by all. */
  function compare(stream: string, name: StreamSetting, value: unknown, path: string): void {
    if (value === undefined && name !== "partitions") return;
    const key = `${stream} ${name}`;
    const first = said.get(key);
    if (first === undefined) said.set(key, { path, value });
    else if (first.value !== value) {
      tell(path, `differs from ${first.path}, and both name the stream ${JSON.stringify(stream)}`);
    }
  }

  function claim(stream: string, partitions: number | undefined, path: string): void {
    for (const name of namePartitions(stream, partitions)) {
      const maker = makers.get(name);
      if (maker === undefined) makers.set(name, { path, named: stream });
      else if (maker.named !== stream || maker.path === "PIXELGATE_STREAM") {
        // Of several partitions the first tells enough: it is one place in the file.
        tell(path, `makes the stream ${JSON.stringify(name)}, which is that of ${maker.path}`);
      }
    }
  }
}

/** The value that counts, whatever its text; undefined where there is none, or none that can be read. */
function readSetting(
  item: Readonly<Record<string, unknown>>,
  name: StreamSetting,
  path: string,
  tell: TellFault,
): unknown {
  const value = item[name];
  const read = name === "maxAge" ? readDuration : name === "maxBytes" ? readBound : null;
  if (read === null || typeof value !== "string") return value;
  try {
    return read(value);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    tell(path, error.message);
    return undefined;
  }
}

function isStreamName(stream: unknown): stream is string {
  return typeof stream === "string" && STREAM_NAME.test(stream);
}

const { minimum: fewest = 2, maximum: most = 2 } = DestinationItem.properties.partitions;

function isPartitions(partitions: unknown): partitions is number | undefined {
  if (partitions === undefined) return true;
  return typeof partitions === "number" && partitions >= fewest && partitions <= most;
}
