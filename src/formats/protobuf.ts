// The part of the protocol buffers wire format that writing ONNX needs: varints, 32-bit floats, bytes, strings,
// nested messages and packed lists. A message is a list of chunks until `finish()` copies each of them once; bytes that do
// not fit into memory are a gap, which whoever writes the message to a file fills there.
//
// https://protobuf.dev/programming-guides/encoding/

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

const encoder = new TextEncoder();

/** Bytes of a message that are not there yet. */
export interface Gap {
  readonly name: string;
  readonly sizeBytes: number;
}

/** A message being written. Fields appear in the order of the calls; the same calls give the same bytes. */
export class Message {
  readonly #chunks: (Uint8Array | Gap)[] = [];
  #sizeBytes = 0;

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** int64, int32, uint64, uint32, bool or enum: a whole number within ±(2^53 − 1). */
  integer(field: number, value: number): this {
    return this.#tag(field, VARINT).#push(varint(value));
  }

  /** A list of such numbers, packed. */
  integers(field: number, values: readonly number[]): this {
    return this.bytes(field, join(values.map(varint)));
  }

  float(field: number, value: number): this {
    const chunk = new Uint8Array(4);
    new DataView(chunk.buffer).setFloat32(0, value, true);
    return this.#tag(field, FIXED_32).#push(chunk);
  }

  string(field: number, value: string): this {
    return this.bytes(field, encoder.encode(value));
  }

  /** The bytes are not copied before `finish`: they must not change until then. */
  bytes(field: number, value: Uint8Array): this {
    return this.#tag(field, LENGTH_DELIMITED).#push(varint(value.length)).#push(value);
  }

  /** A bytes field whose content is written later, where `pieces` says: `name` tells it from others. */
  gap(field: number, name: string, sizeBytes: number): this {
    return this.#tag(field, LENGTH_DELIMITED).#push(varint(sizeBytes)).#push({ name, sizeBytes });
  }

  message(field: number, value: Message): this {
    this.#tag(field, LENGTH_DELIMITED).#push(varint(value.#sizeBytes));
    for (const chunk of value.#chunks) this.#push(chunk);
    return this;
  }

  /** The encoded message. @throws when it has a gap */
  finish(): Uint8Array<ArrayBuffer> {
    const pieces = this.pieces();
    const gap = pieces.find(({ piece }) => !(piece instanceof Uint8Array));
    if (gap) throw new Error('A message with a gap is written to a file.');
    return pieces[0]?.piece instanceof Uint8Array ? pieces[0].piece : new Uint8Array(0);
  }

  /** The message as long runs of bytes and its gaps between them, each with the position where it begins. */
  pieces(): { at: number; piece: Uint8Array<ArrayBuffer> | Gap }[] {
    const pieces: { at: number; piece: Uint8Array<ArrayBuffer> | Gap }[] = [];
    let at = 0;
    let run: Uint8Array[] = [];
    const endRun = () => {
      if (run.length === 0) return;
      const bytes = join(run);
      pieces.push({ at: at - bytes.length, piece: bytes });
      run = [];
    };
    for (const chunk of this.#chunks) {
      if (chunk instanceof Uint8Array) {
        run.push(chunk);
        at += chunk.length;
        continue;
      }
      endRun();
      pieces.push({ at, piece: chunk });
      at += chunk.sizeBytes;
    }
    endRun();
    return pieces;
  }

  #tag(field: number, wireType: number): this {
    return this.#push(varint(field * 8 + wireType));
  }

  #push(chunk: Uint8Array | Gap): this {
    this.#chunks.push(chunk);
    this.#sizeBytes += chunk instanceof Uint8Array ? chunk.length : chunk.sizeBytes;
    return this;
  }
}

/** Seven bits a byte, the lowest first; a negative number as its 64-bit two's complement, ten bytes. */
function varint(value: number): Uint8Array {
  if (!Number.isSafeInteger(value)) {
    throw new Error(`protobuf: ${value} is not a whole number within ±(2^53 - 1).`);
  }
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

function join(
  chunks: readonly Uint8Array[],
  sizeBytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0),
): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(sizeBytes);
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.length;
  }
  return joined;
}
