// Each finding on a real nats-server whose stream really is so.
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { StreamConfig } from "@nats-io/jetstream";
import { connect, type NatsConnection, nanos } from "nats";
import type { Finding } from "../../../src/delivery/finding.ts";
import { largestEventBytes } from "../../../src/delivery/nats/inspect.ts";
import { administer, type NatsServer, startNats } from "../../support/natsserver.ts";
import { addStreams, findAll, layoutOf } from "../../support/streamlook.ts";

let server: NatsServer;
let connection: NatsConnection;

beforeAll(async () => {
  server = await startNats();
  connection = await connect({ servers: server.url });
});

afterAll(async () => {
  await connection.close();
  await server.stop();
});

/** A stream that nothing is wrong with. */
const SOUND = {
  name: "PIXEL",
  subjects: ["pixel.>"],
  discard: "new",
  storage: "file",
  duplicate_window: nanos(120_000),
} as const;

type Expected = readonly [severity: Finding["severity"], says: RegExp, cure: string | null, isFatal: boolean];
type Row = readonly [name: string, settings: Partial<StreamConfig>, expected: readonly Expected[]];

const ROWS: readonly Row[] = [
  ["nothing of a sound stream", {}, []],
  ["nothing of a bound that refuses what is new", { max_bytes: 1024 ** 3, max_msgs: 1_000_000 }, []],
  [
    "nothing of a bound a subject that refuses what is new",
    { max_msgs_per_subject: 10, discard_new_per_subject: true },
    [],
  ],
  ["nothing of a window as long as the age", { max_age: nanos(60_000), duplicate_window: nanos(60_000) }, []],
  ["nothing of a limit that the largest event keeps", { max_msg_size: 8192 }, []],
  [
    "a stream that never acks",
    { no_ack: true },
    [["fault", /^it has no_ack: /, "nats stream edit PIXEL --ack", true]],
  ],
  [
    "an interest stream without a consumer",
    { retention: "interest" },
    [
      [
        "fault",
        /^its retention is interest and it has no consumer: it acks messages and keeps none$/,
        "nats consumer add PIXEL warehouse --filter='pixel.warehouse.>' --pull --defaults",
        true,
      ],
    ],
  ],
  ["a stream in memory", { storage: "memory" }, [["fault", /^it is in memory: /, null, false]]],
  ["nothing of old messages that no bound discards", { discard: "old" }, []],
  [
    "a bound of size that discards old messages",
    { discard: "old", max_bytes: 10 * 1024 ** 3 },
    [
      [
        "fault",
        /with 10GiB in it the oldest go, read or not$/,
        "nats stream edit PIXEL --discard=new",
        false,
      ],
    ],
  ],
  [
    "bounds of number and size that discard old messages",
    { discard: "old", max_msgs: 5, max_bytes: 1_000_000 },
    [["fault", /with 5 messages or 1000000 bytes in it/, "nats stream edit PIXEL --discard=new", false]],
  ],
  [
    "a bound a subject that discards old messages",
    { max_msgs_per_subject: 1 },
    [
      [
        "fault",
        /^it keeps 1 message a subject: of more the oldest go, read or not$/,
        "nats stream edit PIXEL --max-msgs-per-subject=-1",
        false,
      ],
    ],
  ],
  [
    "a short duplicate window",
    { duplicate_window: nanos(2000) },
    [
      [
        "warning",
        /^its duplicate window is 2s: an event that is sent again later, up to 2m, is stored twice$/,
        "nats stream edit PIXEL --dupe-window=2m",
        false,
      ],
    ],
  ],
  [
    "a limit of messages that the largest event breaks",
    { max_msg_size: 8191 },
    [
      [
        "warning",
        /^its max_msg_size is 8191 bytes: the largest event, of 8KiB, does not fit$/,
        "nats stream edit PIXEL --max-msg-size=8KiB",
        false,
      ],
    ],
  ],
  [
    "a stream that is smaller than the largest event",
    { max_bytes: 4096 },
    [["warning", /^its max_bytes is 4KiB: /, "nats stream edit PIXEL --max-bytes=-1", false]],
  ],
  [
    "a stream that gets nothing but what its sources have",
    { subjects: [], sources: [{ name: "OTHER" }] },
    [["fault", /^it has sources and no subjects: /, "nats stream edit PIXEL --subjects='pixel.>'", true]],
  ],
  [
    "a mirror",
    { subjects: [], mirror: { name: "OTHER" }, duplicate_window: 0 },
    [["fault", /^it is a mirror of OTHER: /, null, true]],
  ],
];

for (const [name, settings, expected] of ROWS) {
  test(`inspectStream finds ${name}`, async () => {
    await administer(server.url, (manager) => manager.streams.add({ name: "OTHER", subjects: ["other.>"] }));
    const { subjects, ...rest } = { ...SOUND, ...settings };
    // Of a mirror nothing may be said of subjects, not even that there are none.
    const config = subjects.length === 0 ? rest : { subjects: [...subjects], ...rest };
    await addStreams(server, config);
    try {
      check(await findAll(connection), expected);
    } finally {
      await administer(server.url, (manager) => manager.streams.delete("PIXEL"));
    }
  });
}

function check(findings: readonly Finding[], expected: readonly Expected[]): void {
  expect(findings.map(({ severity, cure, isFatal }) => ({ severity, cure, isFatal }))).toEqual(
    expected.map(([severity, , cure, isFatal]) => ({ severity, cure, isFatal })),
  );
  for (const [index, [, says]] of expected.entries()) expect(findings[index]?.says).toMatch(says);
  for (const { stream } of findings) expect(stream).toBe("PIXEL");
}

test("inspectStream finds a sealed stream, the worst finding first", async () => {
  await addStreams(server, { ...SOUND, subjects: [...SOUND.subjects], storage: "memory" });
  try {
    await administer(server.url, async (manager) => {
      const { config } = await manager.streams.info("PIXEL");
      const sealed: Partial<StreamConfig> = { ...config, sealed: true };
      await manager.streams.update("PIXEL", sealed);
    });
    check(await findAll(connection), [
      ["fault", /^it is sealed: /, null, true],
      ["fault", /^it is in memory: /, null, false],
    ]);
  } finally {
    await administer(server.url, (manager) => manager.streams.delete("PIXEL"));
  }
});

test("inspectHeard finds another stream that takes a destination's events in its place, and none without one", async () => {
  await addStreams(server, { name: "EVENTS", subjects: ["pixel.warehouse.>"] });
  try {
    const expected: readonly Expected[] = [
      [
        "fault",
        /^stream EVENTS takes pixel\.warehouse\.> in its place: /,
        "nats stream edit EVENTS --interactive",
        false,
      ],
    ];
    check(await findAll(connection), expected);
    await addStreams(server, { ...SOUND, subjects: ["pixel.alerts.>"] });
    check(await findAll(connection), expected);
    await administer(server.url, (manager) => manager.streams.delete("EVENTS"));
    check(await findAll(connection), []);
  } finally {
    await administer(server.url, async (manager) => {
      await manager.streams.delete("PIXEL");
      await manager.streams.delete("EVENTS").catch(() => {});
    });
  }
});

test("inspectStream tells of a server that takes no message as large as an event, once for all streams", async () => {
  const small = await startNats({ config: "max_payload: 4096" });
  try {
    const one = await connect({ servers: small.url });
    const layout = layoutOf([{ id: "warehouse", stream: "WAREHOUSE" }, { id: "alerts" }]);
    await addStreams(
      small,
      { ...SOUND, subjects: ["pixel.alerts.>"] },
      { ...SOUND, name: "WAREHOUSE", subjects: ["pixel.warehouse.>"] },
    );
    check(await findAll(one, layout), [
      [
        "warning",
        /^the server's max_payload is 4KiB: the largest event, of 8KiB, does not fit; /,
        null,
        false,
      ],
    ]);
    expect(await findAll(one, layout, 8192, "WAREHOUSE")).toEqual([]);
    expect(await findAll(one, layout, 4096)).toEqual([]);
    await one.close();
  } finally {
    await small.stop();
  }
});

test("largestEventBytes is what the wire contract says: four bytes a byte of the target, and 24,576", () => {
  expect(largestEventBytes(16_384)).toBe(88 * 1024);
});
