// The header of a .npy file: what it says of its array, checked before anything is allocated for it. Versions 1, 2 and 3.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html. Reading and writing are in the files beside it.
//
//   6 bytes       \x93NUMPY
//   2 bytes       version: major, minor
//   2 or 4 bytes  N, unsigned little-endian: 2 in version 1
//   N bytes       a Python literal: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }, spaces, a line feed
//   the rest      the array, row-major
import { UserError } from '../errors.js';

/** Bytes of one element, and the array its elements come in. Half floats come as their 16 bits. */
export const npyDtypes = {
  '<f4': { bytes: 4, array: Float32Array },
  '<f2': { bytes: 2, array: Uint16Array },
  '|u1': { bytes: 1, array: Uint8Array },
} as const;
export type NpyDtype = keyof typeof npyDtypes;

/** What a file says of its array. */
export interface NpyHeader {
  readonly dtype: NpyDtype;
  readonly shape: readonly number[];
  readonly elements: number;
  /** Where the array begins. */
  readonly dataOffset: number;
}

/** Bytes before the literal, at most: magic, version, length. */
export const PREFIX_BYTES = 12;
/** numpy writes 128 bytes, and by default reads no literal longer than 10,000. */
const MOST_HEADER_BYTES = 10_000;
const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** The header of an array, as numpy writes it: version 1, padded so that the array begins at a multiple of 64. */
export function encodeNpyHeader(dtype: NpyDtype, shape: readonly number[]): Uint8Array {
  if (elementsOf(shape) === undefined)
    throw new UserError(`An array cannot have the shape (${shape.join(', ')}).`);
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const literal = `{'descr': '${dtype}', 'fortran_order': False, 'shape': (${tuple}), }`;
  const total = Math.ceil((10 + literal.length + 1) / 64) * 64;
  const bytes = new Uint8Array(total).fill(0x20);
  bytes.set([...MAGIC, 1, 0, (total - 10) & 0xff, (total - 10) >> 8]);
  bytes.set(new TextEncoder().encode(literal), 10);
  bytes[total - 1] = 0x0a;
  return bytes;
}

/**
 * Where the literal lies, from the first bytes of a file.
 *
 * @param first up to PREFIX_BYTES bytes
 * @throws UserError when it is no .npy file, of a version that is not known, or too short for its header
 */
export function literalPlace(
  first: Uint8Array,
  fileBytes: number,
  path: string,
): { offset: number; length: number } {
  if (first.length < 10 || MAGIC.some((byte, i) => first[i] !== byte)) {
    throw damagedNpy(path, 'it does not begin with \\x93NUMPY and a version');
  }
  const [major, minor] = [first[6], first[7]];
  if (major < 1 || major > 3 || minor !== 0) {
    throw damagedNpy(path, `its version is ${major}.${minor} (known: 1.0, 2.0, 3.0)`);
  }
  const view = new DataView(first.buffer, first.byteOffset, first.byteLength);
  const offset = major === 1 ? 10 : PREFIX_BYTES;
  if (first.length < offset) throw damagedNpy(path, `it ends at byte ${first.length}`);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > MOST_HEADER_BYTES) {
    throw damagedNpy(path, `its header claims ${length} bytes (at most ${MOST_HEADER_BYTES})`);
  }
  if (length > fileBytes - offset) {
    throw damagedNpy(path, `its header claims ${length} bytes of the ${fileBytes - offset} that follow`);
  }
  return { offset, length };
}

/**
 * Reads and checks the literal of a header.
 *
 * @throws UserError that names the first thing that is wrong, or the first thing that is not supported
 */
export function decodeNpyHeader(
  literal: Uint8Array,
  offset: number,
  fileBytes: number,
  path: string,
): NpyHeader {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(literal);
  } catch {
    throw damagedNpy(path, 'its header is not UTF-8');
  }
  const { descr, fortranOrder, shape } = parseLiteral(text, path);
  const elements = elementsOf(shape);
  if (elements === undefined) throw damagedNpy(path, `its shape is (${shape.join(', ')})`);
  if (!isNpyDtype(descr)) throw unsupported(path, descr);
  if (fortranOrder && shape.length > 1) {
    throw new UserError(
      `'${path}' is in Fortran order (fortran_order: True), column after column; rows are read one after another.`,
      'save it with np.save(path, np.ascontiguousarray(table))',
    );
  }
  const dataOffset = offset + literal.length;
  const end = dataOffset + elements * npyDtypes[descr].bytes;
  if (end !== fileBytes) {
    throw damagedNpy(
      path,
      `its array (${shape.join(', ')}) of ${descr} ends at byte ${end}, the file at byte ${fileBytes}`,
    );
  }
  return { dtype: descr, shape, elements, dataOffset };
}

/** A dictionary of the three known keys, each once, in any order; nothing else that Python would read. */
function parseLiteral(
  text: string,
  path: string,
): { descr: string; fortranOrder: boolean; shape: readonly number[] } {
  const found = new Map<string, string>();
  const open = /^\s*\{/.exec(text);
  if (!open) throw damagedNpy(path, 'its header is not a dictionary');
  // One entry: a quoted key, and a string without escapes, a truth value, a tuple of whole numbers or a list. Sticky, and without
  // nested repetition.
  const entry =
    /\s*(['"])(\w+)\1\s*:\s*('[ -&(-[\]-~]*'|"[ !#-[\]-~]*"|True|False|\([\d,\s]*\)|\[[ -z|~]*\])\s*(,|(?=\}))/y;
  let at = open[0].length;
  while (!/^\s*\}\s*$/.test(text.slice(at))) {
    entry.lastIndex = at;
    const match = entry.exec(text);
    if (!match) throw damagedNpy(path, `its header cannot be read from character ${at} on`);
    const [, , key, value] = match;
    if (found.has(key)) throw damagedNpy(path, `its header has the name '${key}' twice`);
    found.set(key, value);
    at = entry.lastIndex;
  }
  const keys = [...found.keys()].sort().join(', ');
  if (keys !== 'descr, fortran_order, shape') {
    throw damagedNpy(path, `its header has '${keys}' where 'descr, fortran_order, shape' belong`);
  }
  const value = (key: string) => found.get(key) ?? '';
  const fortran = value('fortran_order');
  if (fortran !== 'True' && fortran !== 'False') throw damagedNpy(path, `its fortran_order is ${fortran}`);
  const descr = value('descr');
  // A list is the description of records.
  const isText = /^['"]/.test(descr);
  return {
    descr: isText ? descr.slice(1, -1) : descr,
    fortranOrder: fortran === 'True',
    shape: parseShape(value('shape'), path),
  };
}

function parseShape(text: string, path: string): number[] {
  const inner = /^\(\s*((?:\d+\s*,\s*)*\d*)\s*\)$/.exec(text)?.[1];
  // (3) is a number in Python, not a tuple.
  if (inner === undefined || /^\d+\s*$/.test(inner)) throw damagedNpy(path, `its shape is ${text}`);
  return inner
    .split(',')
    .map((extent) => extent.trim())
    .filter((extent) => extent !== '')
    .map(Number);
}

function isNpyDtype(descr: string): descr is NpyDtype {
  return Object.hasOwn(npyDtypes, descr);
}

function unsupported(path: string, descr: string): UserError {
  const what = descr.startsWith('>')
    ? `is big-endian (${descr})`
    : `has elements of type ${descr.slice(0, 60)}`;
  return new UserError(
    `'${path}' ${what}; known are <f4 (float32), <f2 (float16) and |u1 (uint8).`,
    "save it with np.save(path, table.astype('<f4'))",
  );
}

/** Elements of a shape, or undefined when it has none that a file could hold. */
function elementsOf(shape: readonly number[]): number | undefined {
  if (!shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0)) return undefined;
  const elements = shape.reduce((product, extent) => product * extent, 1);
  return elements <= Number.MAX_SAFE_INTEGER / 8 ? elements : undefined;
}

/** The refusal of a .npy file: names the file and the first thing that is wrong with it. */
export function damagedNpy(path: string, what: string): UserError {
  return new UserError(`'${path}' is not a whole .npy file: ${what}.`);
}
