// What a gateway's admin port says of itself, as the faults ask for it.

interface Series {
  readonly name: string;
  /** `{destination="warehouse",…}`, or empty. */
  readonly labels: string;
  readonly value: number;
}

/** One answer of the metrics. */
export class Metrics {
  readonly #series: readonly Series[];
  readonly #processes: number;

  constructor(text: string, processes: number) {
    this.#processes = processes;
    this.#series = Array.from(
      text.matchAll(/^(\w+)(\{.*\})? (\S+)$/gm),
      ([, name = "", labels = "", value]) => {
        return { name, labels, value: Number(value) };
      },
    );
  }

  /** Events in the spool. */
  get spooled(): number {
    return this.#sum("pixelgate_spool_events");
  }

  get isFull(): boolean {
    return this.#sum("pixelgate_spool_full") === 1;
  }

  /** Whether every process has NATS. */
  get isUp(): boolean {
    return this.#sum("pixelgate_nats_state", 'state="up"') === this.#processes;
  }

  /** Whether nothing is left to bring to NATS. */
  get isEmptied(): boolean {
    return this.spooled === 0 && this.#sum("pixelgate_spool_salvage_rows") === 0 && this.isUp;
  }

  /** Copies in quarantine. */
  get quarantined(): number {
    return this.#sum(QUARANTINED);
  }

  /** Copies in the spool or in quarantine, by destination. */
  copies(): Map<string, number> {
    const copies = new Map<string, number>();
    for (const { name, labels, value } of this.#series) {
      if (name !== SPOOLED && name !== QUARANTINED) continue;
      const destination = /destination="([^"]*)"/.exec(labels)?.[1] ?? "";
      copies.set(destination, (copies.get(destination) ?? 0) + value);
    }
    return copies;
  }

  /** Events of a source that went to the spool since the gateway's start. */
  spooledOf(source: string): number {
    return this.#sum("pixelgate_events_total", `source="${source}"`, 'outcome="spooled"');
  }

  /** The sum of a metric's series with these labels; NaN without one. */
  #sum(wanted: string, ...having: readonly string[]): number {
    const found = this.#series.filter(
      ({ name, labels }) => name === wanted && having.every((label) => labels.includes(label)),
    );
    return found.length === 0 ? Number.NaN : found.reduce((sum, { value }) => sum + value, 0);
  }
}

const SPOOLED = "pixelgate_destination_spool_copies";
const QUARANTINED = "pixelgate_destination_quarantined_copies";

/** Asks the gateway on this admin port; null while it does not answer. */
export async function readMetrics(port: string | undefined, processes: number): Promise<Metrics | null> {
  try {
    return new Metrics(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text(), processes);
  } catch {
    return null;
  }
}
