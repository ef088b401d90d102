import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BearerToken } from './bearer-token.js';
import { Guards, hostName } from './guards.js';

describe('the Host header', () => {
  const guards = new Guards('serve.internal', ['Shop.example']);

  it.each([
    '127.0.0.1:8080',
    'localhost',
    'LOCALHOST:1',
    '[::1]:8080',
    '10.1.2.3',
    'serve.internal:80',
    'shop.example',
  ])('%s is one of ours', (host) => {
    expect(() => guards.requireKnownHost(host)).not.toThrow();
  });

  it.each([
    undefined,
    '',
    'evil.example',
    'evil.example:8080',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '[::1',
    'localhost:80:80',
    'a@localhost',
  ])('%s is not', (host) => {
    expect(() => guards.requireKnownHost(host)).toThrow(/^This server is not called/);
  });

  it('may be any where that was asked for', () => {
    expect(() => new Guards('0.0.0.0', ['*']).requireKnownHost('evil.example')).not.toThrow();
  });

  it('is read without its port', () => {
    expect(['a:1', 'A', '[::1]:1', '[FE80::1]', ':1'].map(hostName)).toEqual([
      'a',
      'a',
      '::1',
      'fe80::1',
      '',
    ]);
  });
});

describe('the Origin of a POST', () => {
  const guards = new Guards('127.0.0.1');
  const refused = (origin: string | undefined, host: string) => {
    try {
      guards.requireOwnOrigin(origin, host);
      return false;
    } catch {
      return true;
    }
  };

  it('is none, or this host', () => {
    expect(refused(undefined, 'localhost:80')).toBe(false);
    expect(refused('http://localhost:80', 'localhost:80')).toBe(false);
    expect(refused('https://LOCALHOST:80', 'localhost:80')).toBe(false);
  });

  it.each([
    'null',
    '',
    'http://evil.example',
    'http://localhost:81',
    'file://',
    'http://localhost:80.evil.example',
    'http://x/localhost:80',
  ])('%j is foreign', (origin) => {
    expect(refused(origin, 'localhost:80')).toBe(true);
  });
});

describe('the token', () => {
  const text = 'correct-horse-battery';
  const token = BearerToken.parse(`${text}\n`, 'token');

  it('is the one in the file and no other', () => {
    expect(() => token.require(`Bearer ${text}`)).not.toThrow();
    expect(() => token.require(`bearer  ${text}`)).not.toThrow();
    fc.assert(
      fc.property(fc.string(), (other) => {
        fc.pre(other !== text);
        expect(() => token.require(`Bearer ${other}`)).toThrow(/wants a token/);
      }),
    );
    for (const header of [
      undefined,
      '',
      text,
      `Basic ${text}`,
      `Bearer ${text}x`,
      `Bearer ${text.slice(0, -1)}`,
    ])
      expect(() => token.require(header)).toThrow(/wants a token/);
  });

  it('is long and has no spaces', () => {
    expect(() => BearerToken.parse('short', 'token')).toThrow(
      "The file 'token' holds a token of 5 characters",
    );
    expect(() => BearerToken.parse(`${text} ${text}`, 'token')).toThrow(/without spaces/);
    expect(() => BearerToken.read('/nowhere/token')).toThrow(/cannot be read/);
  });
});
