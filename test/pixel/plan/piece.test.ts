import { expect, test } from "bun:test";
import fc from "fast-check";
import { OVERHANG, Pieces, pieceOf, writePiece } from "../../../src/pixel/plan/piece.ts";

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
    { numRuns: 2000 },
  );
});

test("pieceOf makes no number of a text that a copy could change", () => {
  // Of all eight bytes of UTF-8 these are nearest to a NaN.
  for (const text of ["\u007f".repeat(16), "\u{10ffff}".repeat(4), "a\u{10ffff}\u007f".repeat(8)]) {
    expect(pieceOf(text).words.every((word) => !Number.isNaN(word))).toBe(true);
  }
});

test("Pieces writes a text escaped, and gives the same piece again", () => {
  const pieces = new Pieces(8, 100);
  const piece = pieces.of('a "b" é');
  const to = Buffer.alloc(32);
  const end = writePiece(new DataView(to.buffer, to.byteOffset, to.length), 0, piece);
  expect(to.toString("utf8", 0, end)).toBe('a \\"b\\" é');
  expect(pieces.of('a "b" é')).toBe(piece);
});

test("Pieces keeps no more texts than it may, and none that is long", () => {
  const pieces = new Pieces(2, 3);
  const first = pieces.of("one");
  expect(pieces.of("four")).not.toBe(pieces.of("four"));
  expect(pieces.of("one")).toBe(first);
  pieces.of("two");
  pieces.of("six");
  expect(pieces.of("one")).not.toBe(first);
});
