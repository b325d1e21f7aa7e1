// The pixel routes: which paths there are, and what each of them means.
import type { ReplyForm } from "../pixel/reply.ts";
import { EVENT_TYPES, type EventType } from "../pixel/schema.ts";

/** A path on the public port that takes pixels. */
export interface PixelRoute {
  readonly path: string;
  readonly type: EventType;
  /** What a path that ends in `.gif` is answered with, whoever asks; null where source and client decide. */
  readonly pathForm: ReplyForm | null;
}

/** Every pixel route. Source: RudderStack Pixel API; the `.gif` paths are the gateway's own. */
export const PIXEL_ROUTES: readonly PixelRoute[] = EVENT_TYPES.flatMap((type) => [
  { path: `/pixel/v1/${type}`, type, pathForm: null },
  { path: `/pixel/v1/${type}.gif`, type, pathForm: "gif" as const },
]);

/** The pixel route of a request target, or null. */
export function findRoute(target: string): PixelRoute | null {
  const [path] = target.split(/[?#]/, 1);
  return PIXEL_ROUTES.find((route) => route.path === path) ?? null;
}
