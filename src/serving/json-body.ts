// A request's body, from the socket to JSON: within the limits on one and on all, in UTF-8, whole. And whether a key
// stands twice in it, which JSON.parse keeps to itself.
import { isUtf8 } from 'node:buffer';
import type { Readable } from 'node:stream';
import { findDuplicateKey } from '../formats/json-duplicates.js';
import type { Limits } from './limits.js';
import { badRequest, RequestError } from './request-error.js';

/** Reads bodies. Counts the bytes of all that are being received. */
export class BodyReader {
  private receiving = 0;

  constructor(private readonly limits: Pick<Limits, 'bodyBytes' | 'receivingBytes'>) {}

  /** @param done gets the body, in UTF-8, or what it is refused with; called once */
  read(
    stream: Readable,
    contentLength: string | undefined,
    done: (error: Error | null, body?: Buffer) => void,
  ): void {
    const { bodyBytes, receivingBytes } = this.limits;
    if (Number(contentLength) > bodyBytes) {
      done(tooLarge(bodyBytes));
      return;
    }
    const chunks: Buffer[] = [];
    let bytes = 0;
    const stop = (error: Error | null, body?: Buffer) => {
      stream.removeListener('data', receive);
      stream.removeListener('end', end);
      stream.removeListener('error', fail);
      stream.removeListener('close', gone);
      this.receiving -= bytes;
      done(error, body);
    };
    const receive = (chunk: Buffer) => {
      bytes += chunk.length;
      this.receiving += chunk.length;
      if (bytes > bodyBytes) stop(tooLarge(bodyBytes));
      else if (this.receiving > receivingBytes) stop(busy());
      else chunks.push(chunk);
    };
    const end = () => {
      const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, bytes);
      if (isUtf8(body)) stop(null, body);
      else stop(badRequest('The body is not UTF-8.'));
    };
    const fail = (error: Error) => stop(error);
    const gone = () => stop(badRequest('The connection was closed before the body was over.'));
    stream.on('data', receive);
    stream.on('end', end);
    stream.on('error', fail);
    stream.on('close', gone);
  }
}

function tooLarge(limit: number): RequestError {
  return new RequestError(413, `The body is too large (allowed: up to ${limit} bytes).`, 'too_large');
}

function busy(): RequestError {
  return new RequestError(503, 'The server is receiving as much as it may; try again.', 'overload');
}

/** @throws RequestError for what is no JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw badRequest(`The body is no JSON: ${reason}.`);
  }
}

/**
 * Refuses a body in which a key stands twice. Its keys are only counted; the search is for those who have one too many.
 *
 * @param found keys that were seen in the parsed value, each once; fewer only cost the search
 * @throws RequestError naming the key
 */
export function requireUniqueKeys(text: string, found: number): void {
  if (countKeys(text) === found) return;
  const key = findDuplicateKey(text);
  if (key !== undefined) throw badRequest(`The field '${key}' stands twice in one object of the body.`);
}

const QUOTE = 34;
const COLON = 58;
const BACKSLASH = 92;

/** Keys of all objects in a text that JSON.parse has accepted: its colons outside of strings. */
export function countKeys(json: string): number {
  let keys = 0;
  for (let at = 0; at < json.length; at++) {
    const character = json.charCodeAt(at);
    if (character === COLON) keys++;
    else if (character === QUOTE) {
      for (at++; ; at++) {
        const inner = json.charCodeAt(at);
        if (inner === QUOTE) break;
        if (inner === BACKSLASH) at++;
      }
    }
  }
  return keys;
}
