import { expect, test } from "bun:test";
import fc from "fast-check";
import { partitionOf } from "../../src/config/layout.ts";
import { createRouting, routesOfVisitor } from "../../src/config/routing.ts";

const routes = (destinationId: string, streams: number) =>
  Array.from({ length: streams }, (_, partition) => ({
    destinationId,
    subject: `pixel.${destinationId}.page.${partition}`,
    stream: `S_${partition}`,
  }));

test("createRouting settles the routes of every event where no destination has partitions", () => {
  const [a, b] = [routes("a", 1), routes("b", 1)];
  expect(createRouting([a, b]).common).toEqual([...a, ...b]);
  expect(createRouting([]).common).toEqual([]);
  expect(createRouting([a, routes("b", 2)]).common).toBeNull();
});

test("routesOfVisitor has one route a destination, in their order, each in the visitor's partition", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 64 }), { maxLength: 5 }),
      fc.string({ unit: "binary" }),
      (sizes, visitor) => {
        const destinations = sizes.map((size, index) => routes(`d${index}`, size));
        const chosen = routesOfVisitor(createRouting(destinations), visitor);
        expect(chosen.map(({ destinationId, stream }) => [destinationId, stream])).toEqual(
          sizes.map((size, index) => [`d${index}`, `S_${partitionOf(visitor, size)}`]),
        );
      },
    ),
  );
});
