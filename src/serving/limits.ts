// What a server takes at most, of one request and of all together. Every number is checked before memory is taken by
// it, so that what clients send bounds no memory but this does.
import * as z from 'zod';
import { UserError } from '../errors.js';

const count = z.int().min(1);

export const limitsSchema = z.strictObject({
  /** Bytes of a request's body. */
  bodyBytes: count.default(8 * 2 ** 20),
  /** Bytes of all bodies that are being received. */
  receivingBytes: count.default(128 * 2 ** 20),
  /** Rows of a request. */
  rows: count.default(4096),
  /** Rows that were accepted and not answered yet, per model; more are refused with 503. */
  queueRows: count.default(16384),
  /** Characters of a text in a row. */
  textLength: count.default(16384),
  /** Bytes of a request's line and headers. */
  headerBytes: z.int().min(1024).default(16384),
  /** Milliseconds in which a request must have arrived whole, and, from then on, must be answered. */
  requestTimeoutMs: count.default(10_000),
  /** Milliseconds that a connection may be idle between requests. Above the 60 s of most load balancers, which would
   * otherwise send a request into a connection that is being closed. */
  keepAliveMs: count.default(65_000),
  connections: count.default(4096),
  /** Milliseconds that a server which was asked to stop waits for requests under way. */
  drainMs: count.default(30_000),
  /** Milliseconds in which connections that are idle then may still bring a request that was on its way: whoever heard
   * the last response before the server was asked to stop does not know yet. */
  drainIdleMs: count.default(2000),
});
export type Limits = z.infer<typeof limitsSchema>;

/** @throws UserError for limits that contradict each other */
export function checkLimits(limits: Limits): void {
  if (limits.rows > limits.queueRows) {
    throw new UserError(
      `A request may have ${limits.rows} rows, but only ${limits.queueRows} may wait (allowed: rows up to queue rows).`,
      'lower --max-rows or raise --queue-rows',
      2,
    );
  }
  if (limits.bodyBytes > limits.receivingBytes) {
    throw new UserError(
      `A body may have ${limits.bodyBytes} bytes, but all that are being received at once only ${limits.receivingBytes}.`,
      'lower --max-body or raise --max-receiving',
      2,
    );
  }
}
