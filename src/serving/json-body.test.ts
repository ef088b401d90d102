import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BodyReader, countKeys, parseJson, requireUniqueKeys } from './json-body.js';

describe('keys of a body', () => {
  it('are counted, whatever strings hold', () => {
    const count = (value: unknown): number => {
      if (typeof value !== 'object' || value === null) return 0;
      const own = Array.isArray(value) ? 0 : Object.keys(value).length;
      return Object.values(value).reduce((sum: number, inner) => sum + count(inner), own);
    };
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(countKeys(text)).toBe(count(JSON.parse(text)));
      }),
    );
    expect(countKeys('{"a:\\"":":\\\\","b":{"c":[":"]}}')).toBe(3);
  });

  it('may stand once', () => {
    expect(() => requireUniqueKeys('[{"a":1,"b":2,"a":3}]', 2)).toThrow("The field 'a' stands twice");
    expect(() => requireUniqueKeys('[{"a":1,"\\u0061":3}]', 1)).toThrow("The field 'a' stands twice");
    // Fewer keys were seen than there are, but none stands twice.
    requireUniqueKeys('[{"a":{"b":1}}]', 1);
  });
});

describe('a body', () => {
  const read = (reader: BodyReader, chunks: Buffer[], length?: string) =>
    new Promise<string>((resolve, reject) => {
      reader.read(Readable.from(chunks), length, (error, body) =>
        error ? reject(error) : resolve(String(body)),
      );
    });

  it('is put together from any pieces', async () => {
    const reader = new BodyReader({ bodyBytes: 1000, receivingBytes: 1000 });
    const bytes = Buffer.from('["grüße €"]');
    const pieces = [...bytes].map((byte) => Buffer.of(byte));
    expect(await read(reader, pieces)).toBe('["grüße €"]');
    expect(await read(reader, [])).toBe('');
  });

  it('is refused when it is too large, as soon as that is known', async () => {
    const reader = new BodyReader({ bodyBytes: 10, receivingBytes: 15 });
    await expect(read(reader, [Buffer.alloc(5)], '11')).rejects.toMatchObject({ status: 413 });
    await expect(read(reader, [Buffer.alloc(5), Buffer.alloc(6)])).rejects.toMatchObject({ status: 413 });
    // What all of them take together has an end, and is given back.
    const slow = new Readable({ read() {} });
    const first = new Promise((resolve) => reader.read(slow, undefined, (_, body) => resolve(String(body))));
    slow.push(Buffer.alloc(8, 32));
    await new Promise(setImmediate);
    await expect(read(reader, [Buffer.alloc(8)])).rejects.toMatchObject({ status: 503, reason: 'overload' });
    slow.push(null);
    expect(await first).toBe(' '.repeat(8));
    expect(await read(reader, [Buffer.alloc(10, 32)])).toHaveLength(10);
  });

  it('is refused when it is not UTF-8 or no JSON, or ends early', async () => {
    const reader = new BodyReader({ bodyBytes: 10, receivingBytes: 10 });
    await expect(read(reader, [Buffer.of(0x22, 0xff, 0x22)])).rejects.toMatchObject({ status: 400 });
    expect(() => parseJson('[1')).toThrow(/^The body is no JSON: /);
    const cut = new Readable({ read() {} });
    const refused = new Promise((resolve) => reader.read(cut, undefined, resolve));
    cut.push(Buffer.alloc(3));
    cut.destroy();
    expect(await refused).toMatchObject({ status: 400 });
  });
});
