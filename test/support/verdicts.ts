// One message on the wire to `warehouse`, with its gates and a clock that the test turns, and answers in the bytes that
// nats-server sends.
import type { Msg } from "nats";
import { Gates, type Way } from "../../src/delivery/nats/gates.ts";
import { createVerdicts, SWEEP_MS } from "../../src/delivery/nats/verdicts.ts";
import { InFlightWindow, type Verdict } from "../../src/delivery/nats/window.ts";
import { createHandClock } from "./clock.ts";
import { event, recordLog } from "./parts.ts";
import { TWO, WAREHOUSE } from "./twodestinations.ts";

export const refusal = (code: number, errorCode: number) =>
  `{"error":{"code":${code},"err_code":${errorCode},"description":"so it is"},"stream":"WAREHOUSE","seq":0}`;
export const STORED = '{"stream":"WAREHOUSE", "seq":7}';

export function answer(text: string): Msg {
  const data = new TextEncoder().encode(text);
  return { data, string: () => text } as unknown as Msg;
}

interface Options {
  /** Whether the stream takes the subject, as a look-up says. */
  readonly takes?: boolean;
}

/** Opens a reader of answers whose messages are all copies for `warehouse`. */
export function openVerdicts({ takes = true }: Options = {}) {
  const time = createHandClock();
  const log = recordLog();
  const window = new InFlightWindow<Way>(64, 1e9);
  const options = { time, random: () => 1, hasBacklog: () => false, onChange: () => {} };
  const gates = new Gates(TWO, options);
  const rechecked: (string | undefined)[] = [];
  const missed: string[] = [];
  const watches = {
    takes: () => takes,
    missed: (stream: string, subject: string) => void missed.push(`${stream} ${subject}`),
    recheck: (stream?: string) => void rechecked.push(stream),
  };
  let answers = 0;
  const latencies: number[] = [];
  const verdicts = createVerdicts({
    window,
    gates,
    watches,
    log,
    time,
    onAnswered: () => answers++,
    onAck: (latencyMs) => latencies.push(latencyMs),
  });
  const way = gates.wayOf(WAREHOUSE);
  const heard: [Verdict, string][] = [];
  return {
    ...{ time, log, gates, way, verdicts, heard, missed, rechecked, latencies },
    answers: () => answers,
    /** Has a message on the wire; returns its number. */
    send(id = "e", deadlineMs = 2000): number {
      const outgoing = event(id, { routes: [WAREHOUSE] });
      const onVerdict = (_route: number, verdict: Verdict, reason: string) => heard.push([verdict, reason]);
      const now = time.now();
      const number = window.add({ outgoing, onVerdict }, 0, way, now, now + deadlineMs);
      gates.probe(way, now);
      return number;
    },
    /** Lets time go by with all the sweeps there are in it. */
    pass(ms: number): void {
      for (let left = ms; left > 0; left -= SWEEP_MS) {
        time.advance(Math.min(left, SWEEP_MS));
        verdicts.sweep();
      }
    },
    /** The phases of stream and destination. */
    phases: () => [way.stream.gate.phase, way.destination.gate.phase],
  };
}
