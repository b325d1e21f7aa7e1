// One metric as Prometheus text, written here and in steps: prom-client makes an object of each series and hashes its
// labels, which held requests for 0.8 s at 10,000 sources.
import { type Steps, stepwise } from "../config/steps.ts";

/** A metric as it is written: lines are joined a step at a time, not all at the end. */
export class Series {
  readonly name: string;
  readonly #chunks: string[];
  #lines: string[] = [];

  constructor(name: string, help: string, type: "counter" | "gauge") {
    this.name = name;
    this.#chunks = [`# HELP ${name} ${help}\n# TYPE ${name} ${type}`];
  }

  /** Adds a line; `labels` stand as they are written. */
  add(labels: string, value: number): void {
    this.#lines.push(`${this.name}{${labels}} ${value}`);
  }

  /** Joins the lines since the last step. */
  endStep(): void {
    if (this.#lines.length === 0) return;
    this.#chunks.push(this.#lines.join("\n"));
    this.#lines = [];
  }

  /** All that was added up to the last step. */
  text(): string {
    return this.#chunks.join("\n");
  }
}

/** Writes metrics; `add` gives them their lines for one item. */
export function* writeSeries<T>(
  metrics: readonly Series[],
  items: Iterable<T>,
  add: (item: T) => void,
): Steps<string> {
  for (const step = stepwise(items, add); step.next().done !== true; yield) {
    for (const metric of metrics) metric.endStep();
  }
  for (const metric of metrics) metric.endStep();
  const texts: string[] = [];
  for (const metric of metrics) {
    texts.push(metric.text());
    yield;
  }
  return texts.join("\n\n");
}

/** A text as the value of a label. */
export function escapeLabel(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
