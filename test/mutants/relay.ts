// Faults of the choice between stream, spool and quarantine, and of the relay's lanes.
import type { Mutant } from "./mutant.ts";

const RELAY = "src/delivery/relay.ts";
const LANE = "src/delivery/lane.ts";
const SENDING = "src/delivery/sending.ts";
const DELIVER = "src/delivery/deliver.ts";
const RELAY_TESTS = [
  "test/delivery/relay.test.ts",
  "test/delivery/relay.lanes.test.ts",
  "test/delivery/relay.left.test.ts",
];
const DELIVER_TESTS = ["test/delivery/deliver.test.ts", "test/delivery/deliver.limits.test.ts"];

export const RELAYING: readonly Mutant[] = [
  {
    name: "the relay does not send first what may be stored",
    file: LANE,
    from: "onlyMaybeStored: true",
    to: "onlyMaybeStored: false",
    tests: RELAY_TESTS,
  },
  {
    name: "the relay's window never shrinks",
    file: "src/delivery/relaywindow.ts",
    from: "return { ...pace, window: 1,",
    to: "return { ...pace,",
    tests: ["test/delivery/relaywindow.test.ts"],
  },
  {
    name: "the relay does not tell its window of what stays unacked",
    file: SENDING,
    from: 'lane.change({ is: "unacked" }, time.now());',
    to: "",
    tests: RELAY_TESTS,
  },
  {
    name: "a lane goes back to its first row for what stays unacked",
    file: SENDING,
    from: "for (const one of lanes) one.rewind(seq);",
    to: "road.rewind();",
    tests: RELAY_TESTS,
  },
  {
    name: "a lane does not go back to what stays unacked",
    file: SENDING,
    from: "for (const one of lanes) one.rewind(seq);",
    to: "",
    tests: RELAY_TESTS,
  },
  {
    name: "what stays unacked on an old way is forgotten when the layout changes",
    file: SENDING,
    from: "lane.isClosed ? road.lanes : [lane]",
    to: "[lane]",
    tests: RELAY_TESTS,
  },
  {
    name: "a copy is sent twice at once when the layout changes",
    file: SENDING,
    from: "road.inFlight.has(seq) || ",
    to: "",
    tests: RELAY_TESTS,
  },
  {
    name: "a lane sends the copies of another partition, whatever its gate",
    file: SENDING,
    from: "if (route.stream !== lane.route.stream) return;",
    to: "",
    tests: RELAY_TESTS,
  },
  {
    name: "a shut gate is tried with all that the window holds",
    file: RELAY,
    from: 'permit.is === "one" ? 1 : Number.POSITIVE_INFINITY',
    to: "Number.POSITIVE_INFINITY",
    tests: RELAY_TESTS,
  },
  {
    name: "a shut gate is never tried",
    file: RELAY,
    from: "sleep(lane, permit.untilMs);",
    to: "",
    tests: RELAY_TESTS,
  },
  {
    name: "a slow destination takes all that the relay may have on the wire",
    file: RELAY,
    from: "Math.floor(MAX_IN_FLIGHT / roads.lanes)",
    to: "MAX_IN_FLIGHT",
    tests: RELAY_TESTS,
  },
  {
    name: "a lane may have any number of bytes on the wire",
    file: RELAY,
    from: "Math.floor((bytes - inFlightBytes) / average)",
    to: "bytes + inFlightBytes + average",
    tests: RELAY_TESTS,
  },
  {
    name: "the relay leaves no room for new events",
    file: RELAY,
    from: "if (!publisher.hasRoom(MAX_IN_FLIGHT, MAX_IN_FLIGHT_BYTES)) return 0;",
    to: "",
    tests: RELAY_TESTS,
  },
  {
    name: "a busy copy is tried again at once",
    file: SENDING,
    from: "time.now() + BUSY_MS",
    to: "time.now()",
    tests: RELAY_TESTS,
  },
  {
    name: "any number of copies are put off at a time",
    file: RELAY,
    from: "MAX_BUSY - busy,",
    to: "MAX_BUSY + busy,",
    tests: RELAY_TESTS,
  },
  {
    name: "what a full quarantine does not take is sent again and again",
    file: RELAY,
    from: "if (isStuck && spool.quarantineIsFull) return;",
    to: "",
    tests: RELAY_TESTS,
  },
  {
    name: "what was put back behind a cursor is never found",
    file: RELAY,
    from: "else endPass(road);",
    to: "",
    tests: RELAY_TESTS,
  },
  {
    name: "an event is counted as relayed with each of its copies",
    file: SENDING,
    from: "if (isLast) onRelayed?.(1);",
    to: "void isLast;\n      onRelayed?.(1);",
    tests: RELAY_TESTS,
  },
  {
    name: "an event is published although the spool has no place for its other copies",
    file: DELIVER,
    from: 'if (held.length > 0 && !hasPlaceFor(held, outgoing)) return answer(settle, "failed");',
    to: "",
    tests: DELIVER_TESTS,
  },
  {
    name: "an event is published although the spool takes none of its other copies",
    file: DELIVER,
    from: 'held.length === outgoing.routes.length || spool.state === "open"',
    to: "true",
    tests: DELIVER_TESTS,
  },
  {
    name: "an event is published although its other copy finds a full quarantine",
    file: DELIVER,
    from: "if (spool.quarantineIsFull && held.some(isForQuarantine)) {",
    to: "if (spool.quarantineIsFull && held.length < 0) {",
    tests: DELIVER_TESTS,
  },
  {
    name: "a single destination has a share of the spool",
    file: DELIVER,
    from: "quarantine !== null || layout().destinations.size <= 1",
    to: "quarantine !== null",
    tests: DELIVER_TESTS,
  },
  {
    name: "what is too large for one destination is answered 413",
    file: DELIVER,
    from: "if (held.length === routes.length && held.every(isForQuarantine))",
    to: "if (held.some(isForQuarantine))",
    tests: DELIVER_TESTS,
  },
  {
    name: "what stays unacked is spooled as if no stream could have it",
    file: DELIVER,
    from: "mayBeStored: true, quarantine: null",
    to: "mayBeStored: false, quarantine: null",
    tests: DELIVER_TESTS,
  },
  {
    name: "copies that could not be sent are forgotten when the others have their acks",
    file: DELIVER,
    from: "      ...held,\n",
    to: "",
    tests: DELIVER_TESTS,
  },
  {
    name: "a settle that throws ends the loop",
    file: DELIVER,
    from: 'log.error("an answer failed by a fault of the gateway"',
    to: 'throw error; log.error("an answer failed by a fault of the gateway"',
    tests: DELIVER_TESTS,
  },
];
