// The token that requests must carry where one is set: `Authorization: Bearer TOKEN`. Compared in a time that depends
// on nothing secret: digests of both, of one length.
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { UserError } from '../errors.js';
import { RequestError } from './request-error.js';

const LEAST_LENGTH = 16;

export class BearerToken {
  private readonly digest: Buffer;

  private constructor(token: string) {
    this.digest = sha256(token);
  }

  /** @param text of a file that holds the token and nothing else. @throws UserError for one that is too short */
  static parse(text: string, path: string): BearerToken {
    const token = text.trim();
    if (/^[\x21-\x7e]+$/.test(token) && token.length >= LEAST_LENGTH) return new BearerToken(token);
    throw new UserError(
      `The file '${path}' holds a token of ${token.length} characters (allowed: ${LEAST_LENGTH} or more, letters, digits and signs without spaces).`,
      `make one with: openssl rand -hex 32 > ${path}`,
    );
  }

  /** @throws UserError */
  static read(path: string): BearerToken {
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new UserError(`The token file '${path}' cannot be read: ${reason}.`);
    }
    return BearerToken.parse(text, path);
  }

  /** @throws RequestError 401 */
  require(authorization: string | undefined): void {
    const [, given] = /^Bearer +(\S+)$/i.exec(authorization ?? '') ?? [];
    if (given !== undefined && timingSafeEqual(sha256(given), this.digest)) return;
    throw new RequestError(
      401,
      `This server wants a token: 'Authorization: Bearer TOKEN'${given === undefined ? '' : '; the one given is another'}.`,
      'unauthorized',
    );
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
