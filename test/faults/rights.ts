// What an operator does to streams and users of a server in service.
import type { StreamUpdateConfig } from "@nats-io/jetstream";
import { connect } from "nats";
import { administer, type NatsServer } from "../support/natsserver.ts";

/** Changes settings of a stream, given how many messages it has. */
export function limit(
  nats: NatsServer,
  stream: string,
  settings: (messages: number) => Partial<StreamUpdateConfig>,
): Promise<unknown> {
  return administer(nats.url, async ({ streams }) => {
    const { state } = await streams.info(stream);
    return streams.update(stream, settings(state.messages));
  });
}

/**
 * Puts messages of nobody into a subject. A limit that is set below what is there deletes the oldest: while traffic goes
 * on, let that be these.
 */
export async function fill(nats: NatsServer, subject: string, count: number): Promise<void> {
  const connection = await connect({ servers: nats.url });
  for (let filler = 0; filler < count; filler++) connection.publish(subject, "{}");
  await connection.drain();
}

/** How many messages the common stream has of a subject. */
export async function countOf(nats: NatsServer, subject: string): Promise<number> {
  const { state } = await administer(nats.url, ({ streams }) =>
    streams.info("PIXEL", { subjects_filter: subject }),
  );
  return state.subjects?.[subject] ?? 0;
}

/** Whom the gateway logs in as. */
export const GATEWAY_USER = { NATS_USER: "gateway", NATS_PASSWORD: "secret" };

/** A server's users: the gateway's, which may not publish these subjects, and for who names none one that may all. */
export function usersWithout(...subjects: readonly string[]): string {
  const permissions = `{ publish: { allow: [">"], deny: ${JSON.stringify(subjects)} } }`;
  return `
    no_auth_user: operator
    authorization { users: [
      { user: operator, password: secret }
      { user: ${GATEWAY_USER.NATS_USER}, password: ${GATEWAY_USER.NATS_PASSWORD}, permissions: ${permissions} }
    ] }`;
}
