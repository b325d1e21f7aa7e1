// Configurations of tests, resolved.
import { type Configuration, resolveConfiguration } from "../../src/config/configuration.ts";
import { defaultStream } from "../../src/config/environment.ts";
import { type Layout, routesOf } from "../../src/config/layout.ts";
import { createRouting, routesOfVisitor } from "../../src/config/routing.ts";
import type { Route } from "../../src/config/subject.ts";
import type { EventType } from "../../src/pixel/schema.ts";

/** A configuration without a fault, resolved; by default for the stream of an empty environment. */
export function resolved(content: unknown, stream = defaultStream()): Configuration {
  const configuration = resolveConfiguration(content, stream);
  if (Array.isArray(configuration)) throw new Error(configuration.join("\n"));
  return configuration;
}

/** The route that a visitor's event takes to a destination. */
export function routeOf(layout: Layout, destinationId: string, type: EventType, visitor: string): Route {
  const [route] = routesOfVisitor(createRouting([routesOf(layout, destinationId, type)]), visitor);
  if (route === undefined) throw new Error(`${destinationId} has no route`);
  return route;
}
