import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Message } from './protobuf.js';

const hex = (message: Message) => Buffer.from(message.finish()).toString('hex');

it('writes the examples of the protocol buffers documentation', () => {
  // protobuf.dev/programming-guides/encoding: Test1 {a: 150}, Test2 {b: "testing"}, Test3 {c: Test1}, packed
  // Test5 {f: [3, 270, 86942]}, int32 −2.
  expect(hex(new Message().integer(1, 150))).toBe('089601');
  expect(hex(new Message().string(2, 'testing'))).toBe('120774657374696e67');
  expect(hex(new Message().message(3, new Message().integer(1, 150)))).toBe('1a03089601');
  expect(hex(new Message().integers(6, [3, 270, 86942]))).toBe('3206038e029ea705');
  expect(hex(new Message().integer(1, -2))).toBe('08feffffffffffffffff01');
});

it('writes floats as four bytes, and field numbers above 15 as two', () => {
  // python3 -c "import struct; print(struct.pack('<f', -1.5).hex())"
  expect(hex(new Message().float(2, -1.5))).toBe('150000c0bf');
  expect(hex(new Message().integer(20, 2))).toBe('a00102');
});

it('refuses what is not a whole number', () => {
  expect(() => new Message().integer(1, 0.5)).toThrow('0.5 is not a whole number');
  expect(() => new Message().integer(1, 2 ** 53)).toThrow('9007199254740992 is not a whole number');
});

it('knows its size, and nesting gives the bytes of the nested message', () => {
  fc.assert(
    fc.property(fc.array(fc.maxSafeInteger()), fc.uint8Array(), (numbers, bytes) => {
      const inner = new Message().integers(1, numbers).bytes(9, bytes);
      expect(inner.finish().length).toBe(inner.sizeBytes);
      expect(hex(new Message().message(7, inner))).toBe(hex(new Message().bytes(7, inner.finish())));
    }),
  );
});

it('gives back every safe integer as a 64-bit varint', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (value) => {
      const [, ...varint] = new Message().integer(1, value).finish();
      const decoded = varint.reduce((sum, byte, i) => sum | (BigInt(byte & 0x7f) << BigInt(7 * i)), 0n);
      expect(Number(BigInt.asIntN(64, decoded))).toBe(value);
    }),
  );
});

it('leaves gaps where their bytes belong, and no others', () => {
  const part = fc.record({
    field: fc.integer({ min: 1, max: 40 }),
    bytes: fc.uint8Array(),
    later: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(part), fc.boolean(), (parts, isNested) => {
      const [whole, gapped] = [new Message(), new Message()];
      for (const [i, { field, bytes, later }] of parts.entries()) {
        whole.bytes(field, bytes);
        if (later) gapped.gap(field, String(i), bytes.length);
        else gapped.bytes(field, bytes);
      }
      const [expected, message] = [whole, gapped].map((one) =>
        isNested ? new Message().message(3, one) : one,
      );
      const file = new Uint8Array(message.sizeBytes).fill(0xee);
      for (const { at, piece } of message.pieces()) {
        file.set(piece instanceof Uint8Array ? piece : parts[Number(piece.name)].bytes, at);
      }
      expect(file).toEqual(expected.finish());
      if (parts.some(({ later }) => later)) expect(() => message.finish()).toThrow('written to a file');
    }),
  );
});
