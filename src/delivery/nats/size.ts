// Whether a message is of a size that the server and its stream take: what is not is refused for good, and is not sent.
import { MAX_MESSAGE_BYTES } from "./encoder.ts";

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
  if (bytes > MAX_MESSAGE_BYTES) return tell(bytes, `the most that is sent, ${MAX_MESSAGE_BYTES}`);
  if (maxPayload !== null && bytes > maxPayload)
    return tell(bytes, `the server's max_payload of ${maxPayload}`);
  if (maxMessage !== null && bytes > maxMessage)
    return tell(bytes, `the stream's max_msg_size of ${maxMessage}`);
  return null;
}

function tell(bytes: number, limit: string): string {
  return `message of ${bytes} bytes is larger than ${limit}`;
}
