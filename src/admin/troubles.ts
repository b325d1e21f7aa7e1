// What an operator should know of a gateway that takes events all the same: destinations, quarantine and streams in
// trouble. Knows the state of delivery, not who asks.
import { DESTINATION_STATES, type DeliveryState, type DestinationState } from "../delivery/state.ts";

/** Of each kind so many are told, worst first: a probe reads this every few seconds. */
const MAX_TOLD = 50;

/**
 * Each trouble in one sentence, worst first: what loses events without a word, what keeps copies back, what is unusual.
 * Empty when all is well.
 */
export function tellTroubles(state: DeliveryState): string[] {
  const { destinations, findings, quarantineFull } = state;
  const told = (severity: "fault" | "warning") =>
    findings
      .filter((finding) => finding.severity === severity)
      .map(({ stream, says, cure }) =>
        oneLine(`${severity} in stream ${stream}: ${says}${cure === null ? "" : `; to mend it: ${cure}`}`),
      );
  const inQuarantine = destinations.filter(({ quarantined }) => quarantined > 0);
  return [
    ...cut(told("fault"), "faults"),
    ...(quarantineFull ? ["quarantine is full: an event with a copy for it is answered 503"] : []),
    ...cut(inTrouble(destinations).map(tellDestination), "destinations in trouble"),
    ...cut(inQuarantine.map(tellQuarantine), "destinations with copies in quarantine"),
    ...cut(told("warning"), "warnings"),
  ];
}

/** The same in numbers, for somebody who may not know the names. */
export function countTroubles({
  destinations,
  findings,
  quarantined,
  quarantineFull,
}: DeliveryState): string[] {
  const lines: string[] = [];
  const notOpen = inTrouble(destinations).length;
  if (notOpen > 0) lines.push(`destinations: ${notOpen} of ${destinations.length} in trouble`);
  if (quarantined > 0 || quarantineFull) {
    lines.push(`quarantine: ${count(quarantined, "copy", "copies")}${quarantineFull ? ", full" : ""}`);
  }
  const faults = findings.filter(({ severity }) => severity === "fault").length;
  if (findings.length > 0) {
    lines.push(
      `streams: ${count(faults, "fault", "faults")}, ${count(findings.length - faults, "warning", "warnings")}`,
    );
  }
  return lines;
}

/** Those that are not open, worst first. Without a connection nothing is known of any of them: that is told once. */
function inTrouble(destinations: readonly DestinationState[]): DestinationState[] {
  const rank = ({ state }: DestinationState) => DESTINATION_STATES.indexOf(state);
  return destinations
    .filter(({ state }) => state !== "open" && state !== "unknown")
    .sort((one, other) => rank(other) - rank(one));
}

function tellDestination({ id, state, reason, copies, refused }: DestinationState): string {
  const facts = [
    `destination ${id} is ${state}${reason === "" ? "" : `: ${reason}`}`,
    ...(copies === 0 ? [] : [`${count(copies, "copy", "copies")} spooled`]),
    ...(refused === 0 ? [] : [`${count(refused, "event", "events")} refused over its share of the spool`]),
  ];
  return oneLine(facts.join(", "));
}

function tellQuarantine({ id, quarantined }: DestinationState): string {
  const copies = count(quarantined, "copy", "copies");
  return `destination ${id} has ${copies} in quarantine: pixelgate spool list --quarantine --destination ${id}`;
}

function cut(lines: readonly string[], what: string): string[] {
  if (lines.length <= MAX_TOLD) return [...lines];
  const more = (lines.length - MAX_TOLD).toLocaleString("en");
  return [...lines.slice(0, MAX_TOLD), `${more} more ${what}: see /status.json`];
}

function count(number: number, one: string, many: string): string {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

/** Reasons come from servers too. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
