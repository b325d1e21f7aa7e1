import { expect, test } from "bun:test";
import { DeniedSubjects } from "../../../src/delivery/nats/denied.ts";

test("DeniedSubjects believes the server for five seconds, and takes it for news after that", () => {
  const denied = new DeniedSubjects();
  expect(denied.has("pixel.a.page", 0)).toBe(false);
  expect(denied.add("pixel.a.page", 1000)).toBe(true);
  expect(denied.has("pixel.a.page", 1000)).toBe(true);
  expect(denied.has("pixel.b.page", 1000)).toBe(false);
  expect(denied.add("pixel.a.page", 3000)).toBe(false);
  expect(denied.has("pixel.a.page", 7999)).toBe(true);
  expect(denied.has("pixel.a.page", 8000)).toBe(false);
  expect(denied.add("pixel.a.page", 8000)).toBe(true);
  denied.clear();
  expect(denied.has("pixel.a.page", 8000)).toBe(false);
});
