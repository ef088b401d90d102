// Whatever a request came to but a result, as a status and `{"error": "…"}`. What is no refusal and no sentence for
// people is a defect: its text stays in the log.
import { UserError } from '../errors.js';
import { ScoringFailure } from '../scoring/scoring-failure.js';
import { type RefusalReason, RequestError } from './request-error.js';

export interface ErrorReply {
  status: number;
  message: string;
  reason: RefusalReason;
  /** Whether the same request may succeed in a moment. */
  isTransient: boolean;
}

export function errorReply(error: unknown): ErrorReply {
  if (error instanceof RequestError) return reply(error.status, error.message, error.reason);
  // A row that cannot be read: the scorer names row and column.
  if (error instanceof UserError) return reply(400, error.message, 'bad_request');
  if (error instanceof ScoringFailure) {
    return reply(503, 'The worker that scored this request died; try again.', 'worker_failure');
  }
  const { statusCode: status, message } = Object(error) as { statusCode?: number; message?: string };
  if (status === 415 || status === 413 || status === 400)
    return reply(status, sentences[status], reasons[status]);
  if (status !== undefined && status >= 400 && status < 500)
    return reply(status, `${message}.`, 'bad_request');
  return reply(500, 'The server failed at this request; its log says why.', 'internal');
}

function reply(status: number, message: string, reason: RefusalReason): ErrorReply {
  return { status, message, reason, isTransient: status === 503 };
}

/** What the HTTP framework refuses by itself. */
const sentences = {
  400: 'The request is malformed.',
  413: 'The body is too large.',
  415: "The content type must be 'application/json', without a content encoding.",
} as const;
const reasons = { 400: 'bad_request', 413: 'too_large', 415: 'content_type' } as const;

/** The body of an error. */
export function errorJson(message: string): string {
  return JSON.stringify({ error: message });
}
