// What a request is refused with: a status and a sentence, which becomes `{"error": "…"}`. Anything else that is thrown
// while a request is answered is a defect: a 500 that tells nothing of the inside.

/** A request that is not answered with a result. `message` names the field and what is allowed. */
export class RequestError extends Error {
  override readonly name = 'RequestError';

  constructor(
    readonly status: 400 | 401 | 403 | 404 | 405 | 408 | 413 | 415 | 500 | 503,
    message: string,
    /** Why, in a word: the label of the metric of refused requests. */
    readonly reason: RefusalReason,
  ) {
    super(message);
  }
}

/** Why requests are refused. */
export const refusalReasons = [
  'bad_request',
  'unauthorized',
  'foreign_host',
  'foreign_origin',
  'not_found',
  'too_large',
  'content_type',
  'overload',
  'loading',
  'timeout',
  'worker_failure',
  'internal',
] as const;
export type RefusalReason = (typeof refusalReasons)[number];

/** A request that is malformed or asks for what is not there to be asked for. */
export function badRequest(message: string): RequestError {
  return new RequestError(400, message, 'bad_request');
}
