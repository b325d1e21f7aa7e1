import { expect, test } from "bun:test";
import fc from "fast-check";
import { messageId } from "../../src/delivery/outgoing.ts";

const ALERTS = { destinationId: "alerts" };

const rows: readonly [rule: string, id: string, messageId: string][] = [
  ["leaves a harmless id alone", "b8f5-1.blog/a+b=c@d:e", "b8f5-1.blog/a+b=c@d:e.alerts"],
  ["encodes a space", "a b", "a%20b.alerts"],
  ["encodes a percent sign", "a%20b", "a%2520b.alerts"],
  ["encodes a line end", "a\r\nX: 1", "a%0D%0AX%3A%201.alerts"],
  ["encodes other letters", "ä", "%C3%A4.alerts"],
  ["encodes a lone surrogate", "\ud800", "%EF%BF%BD.alerts"],
];
for (const [rule, id, expected] of rows) {
  test(`messageId ${rule}`, () => expect(messageId({ id }, ALERTS)).toBe(expected));
}

test("messageId is printable ASCII and never the same for two ids or two destinations", () => {
  const id = fc.string({ unit: "binary" }).map((text) => text.toWellFormed());
  const destinationId = fc.constantFrom("alerts", "warehouse");
  fc.assert(
    fc.property(id, destinationId, id, destinationId, (idA, toA, idB, toB) => {
      const a = messageId({ id: idA }, { destinationId: toA });
      const b = messageId({ id: idB }, { destinationId: toB });
      expect(a).toMatch(/^[\x21-\x7e]+$/);
      expect(a === b).toBe(idA === idB && toA === toB);
    }),
  );
});
