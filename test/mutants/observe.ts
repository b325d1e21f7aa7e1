// Faults of what an operator is told of destinations, quarantine and findings.
import type { Mutant } from "./mutant.ts";

export const OBSERVE: readonly Mutant[] = [
  {
    name: "a destination is as good as its best worker",
    file: "src/process/destinations.ts",
    from: "KNOWN_STATES.findLast(",
    to: "KNOWN_STATES.find(",
    tests: ["test/process/destinations.test.ts"],
  },
  {
    name: "a worker without a connection hides that a destination is shut",
    file: "src/process/destinations.ts",
    from: 'DESTINATION_STATES.filter((state) => state !== "unknown")',
    to: "[...DESTINATION_STATES]",
    tests: ["test/process/destinations.test.ts"],
  },
  {
    name: "an age of none hides another worker's",
    file: "src/process/destinations.ts",
    from: "return oneMs ?? otherMs;",
    to: "return oneMs;",
    tests: ["test/process/destinations.test.ts"],
  },
  {
    name: "each worker's findings are told again",
    file: "src/process/reports.ts",
    from: "findings: addFindings(states.map(({ findings }) => findings)),",
    to: "findings: states.flatMap(({ findings }) => findings),",
    tests: ["test/process/reports.states.test.ts"],
  },
  {
    name: "a full quarantine is hidden by a worker whose own has room",
    file: "src/process/reports.ts",
    from: "states.some(({ quarantineFull }) => quarantineFull)",
    to: "states.length > 0 && states.every(({ quarantineFull }) => quarantineFull)",
    tests: ["test/process/reports.states.test.ts"],
  },
  {
    name: "the age of a destination's backlog is added up over workers",
    file: "src/observe/destinationseries.ts",
    from: "sum.oldestMs = Math.max(sum.oldestMs, oldestMs ?? 0);",
    to: "sum.oldestMs += oldestMs ?? 0;",
    tests: ["test/observe/destinationseries.test.ts"],
  },
  {
    name: "refusals over a share die with their worker",
    file: "src/observe/destinationseries.ts",
    from: 'type: "counter",\n      aggregator',
    to: 'type: "gauge",\n      aggregator',
    tests: ["test/observe/destinationseries.test.ts"],
  },
  {
    name: "findings are counted once a worker",
    file: "src/observe/metrics.ts",
    from: '// Each process looks at the same streams.\n    aggregator: "max",',
    to: 'aggregator: "sum",',
    tests: ["test/observe/metrics.test.ts"],
  },
  {
    name: "metrics have the state of delivery that there was at the start",
    file: "src/observe/metrics.ts",
    from: "    state = options.delivery();\n    return [",
    to: "    return [",
    tests: ["test/observe/metrics.test.ts"],
  },
];
