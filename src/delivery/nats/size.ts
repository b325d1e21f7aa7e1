// Whether a message is of a size that the server and its stream take: what is not is refused for good, and is not sent.
import type { Route } from "../../config/subject.ts";
import { messageId, type Outgoing } from "../outgoing.ts";
import { HEADER_BYTES, MAX_MESSAGE_BYTES } from "./encoder.ts";

/** nats-server's `max_control_line`. */
const MAX_COMMAND_BYTES = 4096;
/** Of a command line, what is neither subject nor inbox: verb, number and sizes. */
const COMMAND_REST_BYTES = 64;

/**
 * Why a message is never taken; null when it fits. `subjectBytes` are those of its subject and of its ack's; `bytes` those of
 * its header and payload. The server's `max_payload` and the stream's `max_msg_size` are null where they are not known. What
 * the server does not take makes it close the connection, and so fail everything in flight.
 */
export function whyTooLarge(
  subjectBytes: number,
  bytes: number,
  maxPayload: number | null,
  maxMessage: number | null,
): string | null {
  if (subjectBytes + COMMAND_REST_BYTES > MAX_COMMAND_BYTES) {
    return "its subject is longer than the server takes";
  }
  if (bytes > MAX_MESSAGE_BYTES) return tell(`the most that is sent, ${MAX_MESSAGE_BYTES}`);
  if (maxPayload !== null && bytes > maxPayload) return tell(`the server's max_payload of ${maxPayload}`);
  if (maxMessage !== null && bytes > maxMessage) return tell(`the stream's max_msg_size of ${maxMessage}`);
  return null;
}

/** Without the message's own size: copies of one reason are counted together, and logged once for all. */
function tell(limit: string): string {
  return `message is larger than ${limit}`;
}

/** What a letter of an id takes at most: three bytes of UTF-8, each as `%` and two digits. */
const LETTER_BYTES = 9;

/**
 * As `whyTooLarge`, for a copy of an event. Nearly all are far from any bound: for these no id is made, which costs more than
 * all else here.
 */
export function whyCopyTooLarge(
  outgoing: Outgoing,
  { destinationId, subject }: Route,
  inbox: string,
  maxPayload: number | null,
  maxMessage: number | null,
): string | null {
  const subjectBytes = subject.length + inbox.length;
  const ownBytes = HEADER_BYTES + outgoing.payload.length;
  const mostId = LETTER_BYTES * outgoing.id.length + 1 + destinationId.length;
  if (whyTooLarge(subjectBytes, ownBytes + mostId, maxPayload, maxMessage) === null) return null;
  const id = messageId(outgoing, { destinationId });
  return whyTooLarge(subjectBytes, ownBytes + id.length, maxPayload, maxMessage);
}
