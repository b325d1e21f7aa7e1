import { expect, test } from "bun:test";
import fc from "fast-check";
import { OVERHANG, pieceOf, writePiece } from "../../../src/pixel/plan/piece.ts";

test("writePiece copies any text to any place, and overwrites no more behind it than it says", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.nat(9), (binary, at) => {
      const text = binary.toWellFormed();
      const bytes = Buffer.from(text);
      const to = Buffer.alloc(at + bytes.length + OVERHANG + 1, "_");
      const view = new DataView(to.buffer, to.byteOffset, to.length);
      expect(writePiece(view, at, pieceOf(text))).toBe(at + bytes.length);
      expect(to.toString("utf8", 0, at)).toBe("_".repeat(at));
      expect(to.toString("utf8", at, at + bytes.length)).toBe(text);
      expect(to.toString("utf8", to.length - 1)).toBe("_");
    }),
    { numRuns: 300 },
  );
});

test("pieceOf makes no number of a text that a copy could change", () => {
  // Of all eight bytes of UTF-8 these are nearest to a NaN.
  for (const text of ["\u007f".repeat(16), "\u{10ffff}".repeat(4), "a\u{10ffff}\u007f".repeat(8)]) {
    expect(pieceOf(text).words.every((word) => !Number.isNaN(word))).toBe(true);
  }
});
