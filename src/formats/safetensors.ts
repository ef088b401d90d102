// The safetensors header: what a file says of its tensors, checked before anything is allocated for them.
// https://github.com/huggingface/safetensors#format. Reading and writing the tensors is in the files beside it.
//
//   8 bytes     N, unsigned little-endian
//   N bytes     JSON, UTF-8: {"name": {"dtype", "shape", "data_offsets": [begin, end]}, …, "__metadata__": {…}}
//   the rest    the tensors, row-major little-endian; offsets count from here; no holes, no overlap, nothing after
import { UserError } from '../errors.js';
import { findDuplicateKey } from './json-duplicates.js';

/** Bytes of one element, and the array its elements come in. Half floats come as their 16 bits. */
export const dtypes = {
  BOOL: { bytes: 1, array: Uint8Array },
  U8: { bytes: 1, array: Uint8Array },
  I8: { bytes: 1, array: Int8Array },
  F8_E4M3: { bytes: 1, array: Uint8Array },
  F8_E5M2: { bytes: 1, array: Uint8Array },
  U16: { bytes: 2, array: Uint16Array },
  I16: { bytes: 2, array: Int16Array },
  F16: { bytes: 2, array: Uint16Array },
  BF16: { bytes: 2, array: Uint16Array },
  U32: { bytes: 4, array: Uint32Array },
  I32: { bytes: 4, array: Int32Array },
  F32: { bytes: 4, array: Float32Array },
  U64: { bytes: 8, array: BigUint64Array },
  I64: { bytes: 8, array: BigInt64Array },
  F64: { bytes: 8, array: Float64Array },
} as const;
export type Dtype = keyof typeof dtypes;

/** What a tensor is, without its elements. */
export interface TensorSpec {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

/** A tensor's spec and where in the file it lies. */
export interface TensorEntry extends TensorSpec {
  readonly elements: number;
  /** From the beginning of the file. */
  readonly fileOffset: number;
  readonly sizeBytes: number;
}

export interface Header {
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** As in the reference implementation: a longer header is damage. */
const MOST_HEADER_BYTES = 100_000_000;
const METADATA = '__metadata__';

/**
 * Lays tensors out and encodes their header. Wide elements come first, so that every tensor is aligned.
 *
 * @throws UserError for a name used twice or a shape that is none
 */
export function encodeHeader(
  specs: readonly TensorSpec[],
  metadata: Readonly<Record<string, string>>,
): { bytes: Uint8Array; header: Header; fileBytes: number } {
  const ordered = [...specs].sort((a, b) => dtypes[b.dtype].bytes - dtypes[a.dtype].bytes);
  const described: [string, unknown][] = Object.keys(metadata).length > 0 ? [[METADATA, metadata]] : [];
  const placed: Omit<TensorEntry, 'fileOffset'>[] = [];
  const names = new Set([METADATA]);
  let end = 0;
  for (const { name, dtype, shape } of ordered) {
    if (names.has(name)) throw new UserError(`Tensor name '${name}' is taken.`);
    names.add(name);
    const elements = elementsOf(shape);
    if (elements === undefined) throw new UserError(`Tensor '${name}' cannot have the shape [${shape}].`);
    const sizeBytes = elements * dtypes[dtype].bytes;
    described.push([name, { dtype, shape, data_offsets: [end, end + sizeBytes] }]);
    placed.push({ name, dtype, shape, elements, sizeBytes });
    end += sizeBytes;
  }
  // Written by hand: an object would put names that look like numbers first, and lose `__proto__`.
  const entries = described.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  const json = new TextEncoder().encode(`{${entries.join(',')}}`);
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, 8);

  const tensors = new Map<string, TensorEntry>();
  let fileOffset = bytes.length;
  for (const tensor of placed) {
    tensors.set(tensor.name, { ...tensor, fileOffset });
    fileOffset += tensor.sizeBytes;
  }
  return { bytes, header: { tensors, metadata }, fileBytes: fileOffset };
}

/**
 * The length of the JSON, from the first eight bytes of a file.
 *
 * @throws UserError when the file cannot hold it
 */
export function headerLength(first: Uint8Array, fileBytes: number, path: string): number {
  if (fileBytes < 8) throw damaged(path, `it has ${fileBytes} bytes; the length of its header needs 8`);
  const length = new DataView(first.buffer, first.byteOffset).getBigUint64(0, true);
  if (length > MOST_HEADER_BYTES) {
    throw damaged(path, `its header claims ${length} bytes (at most ${MOST_HEADER_BYTES})`);
  }
  if (Number(length) > fileBytes - 8) {
    throw damaged(path, `its header claims ${length} bytes of the ${fileBytes - 8} that follow`);
  }
  return Number(length);
}

/**
 * Reads and checks the JSON of a header.
 *
 * @throws UserError that names the first thing that is wrong
 */
export function decodeHeader(json: Uint8Array, fileBytes: number, path: string): Header {
  const parsed = parse(json, path);
  const dataStart = 8 + json.length;
  const tensors = new Map<string, TensorEntry>();
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(parsed)) {
    if (name === METADATA) metadata = checkMetadata(value, path);
    else tensors.set(name, checkTensor(name, value, dataStart, path));
  }
  const inOrder = [...tensors.values()].sort(
    (a, b) => a.fileOffset - b.fileOffset || a.sizeBytes - b.sizeBytes,
  );
  let end = dataStart;
  for (const { name, fileOffset, sizeBytes } of inOrder) {
    if (fileOffset < end) throw damaged(path, `tensor '${name}' overlaps the one before it`);
    if (fileOffset > end)
      throw damaged(path, `${fileOffset - end} bytes before tensor '${name}' belong to none`);
    end += sizeBytes;
  }
  if (end !== fileBytes) {
    throw damaged(path, `its tensors end at byte ${end}, the file at byte ${fileBytes}`);
  }
  return { tensors, metadata };
}

function parse(json: Uint8Array, path: string): object {
  let text: string;
  let parsed: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(json);
  } catch {
    throw damaged(path, 'its header is not UTF-8');
  }
  try {
    parsed = JSON.parse(text);
  } catch {
    throw damaged(path, 'its header is not JSON');
  }
  if (!isObject(parsed) || text[0] !== '{') throw damaged(path, 'its header is not a JSON object');
  const duplicate = findDuplicateKey(text);
  if (duplicate !== undefined) throw damaged(path, `its header has the name '${duplicate}' twice`);
  return parsed;
}

function checkMetadata(value: unknown, path: string): Record<string, string> {
  if (!isObject(value)) throw damaged(path, 'its metadata is not a map');
  const entries = Object.entries(value).map(([key, text]): [string, string] => {
    if (typeof text !== 'string') throw damaged(path, `its metadata '${key}' is not a string`);
    return [key, text];
  });
  return Object.fromEntries(entries);
}

function checkTensor(name: string, value: unknown, dataStart: number, path: string): TensorEntry {
  const fields = isObject(value) ? new Map<string, unknown>(Object.entries(value)) : new Map();
  const keys = [...fields.keys()].sort().join(', ');
  if (keys !== 'data_offsets, dtype, shape') {
    throw damaged(path, `tensor '${name}' has '${keys}' where 'data_offsets, dtype, shape' belong`);
  }
  const dtype: unknown = fields.get('dtype');
  if (!isDtype(dtype)) {
    throw damaged(path, `tensor '${name}' has dtype '${dtype}' (known: ${Object.keys(dtypes).join(', ')})`);
  }
  const shape: unknown = fields.get('shape');
  const elements = isCounts(shape) ? elementsOf(shape) : undefined;
  if (!isCounts(shape) || elements === undefined) {
    throw damaged(path, `tensor '${name}' has the shape ${JSON.stringify(shape)}`);
  }
  const offsets: unknown = fields.get('data_offsets');
  if (!isCounts(offsets) || offsets.length !== 2) {
    throw damaged(path, `tensor '${name}' lies at ${JSON.stringify(offsets)}`);
  }
  const sizeBytes = elements * dtypes[dtype].bytes;
  if (offsets[1] - offsets[0] !== sizeBytes) {
    throw damaged(
      path,
      `tensor '${name}' is ${dtype} [${shape}], ${sizeBytes} bytes, but has ${offsets[1] - offsets[0]}`,
    );
  }
  return { name, dtype, shape, elements, fileOffset: dataStart + offsets[0], sizeBytes };
}

/** Elements of a shape, or undefined when it has none that a file could hold. */
function elementsOf(shape: readonly number[]): number | undefined {
  const elements = shape.reduce((product, extent) => product * extent, 1);
  return isCounts(shape) && elements <= Number.MAX_SAFE_INTEGER / 8 ? elements : undefined;
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((entry) => Number.isSafeInteger(entry) && entry >= 0);
}

function isDtype(value: unknown): value is Dtype {
  return typeof value === 'string' && Object.hasOwn(dtypes, value);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The refusal of a safetensors file: names the file and the first thing that is wrong with it. */
export function damaged(path: string, what: string): UserError {
  return new UserError(`'${path}' is not a whole safetensors file: ${what}.`);
}
