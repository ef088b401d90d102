// What is wrong before there is a request: bytes that are no HTTP, headers that are too large, a request that does not
// end. Answered as all errors are, then the connection is closed.
import type { Socket } from 'node:net';
import { errorJson } from './error-reply.js';
import type { RefusalReason } from './request-error.js';
import type { ServerMetrics } from './server-metrics.js';

type Refusal = [status: string, message: string, reason: RefusalReason];

const refusals: Readonly<Record<string, Refusal>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request took too long to arrive.', 'timeout'],
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The headers are too large.', 'too_large'],
};
const malformed: Refusal = ['400 Bad Request', 'The request is no HTTP.', 'bad_request'];

export function clientErrors(metrics: ServerMetrics): (error: NodeJS.ErrnoException, socket: Socket) => void {
  return (error, socket) => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return;
    const [status, message, reason] = refusals[error.code ?? ''] ?? malformed;
    metrics.refused.with({ reason }).add();
    if (socket.writable) {
      const body = errorJson(message);
      socket.write(
        `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
    }
    socket.destroySoon();
  };
}
