// The table a kernel instance is bound to: the shard header (src/kernels/header.ts has the same list), read once
// into globals, and this thread's work area: ceil4(D) floats for codes, ceil16(D) for noise, twice ceil4(D) for moments.

export let dim: u32 = 0;
export let bits: u32 = 0;
export let recordBytes: u32 = 0;
/** Byte of the step in a record; 0xffffffff: the table has one step for all rows. */
export let stepOffset: u32 = 0;
export let tableStep: f32 = 0;
export let firstRow: u32 = 0;
export let written: usize = 0;
export let records: usize = 0;
export let offsets: usize = 0;
export let vocabularies: u32 = 0;
export let seedLow: u32 = 0;
export let seedHigh: u32 = 0;
export let tableNumber: u32 = 0;
export let initialScale: f32 = 0;
/** 1: each row's grid is that of its own range, symmetric; 2: affine; 0: it is not. */
export let rowRange: u32 = 0;
export let onesFrom: u32 = 0;
/** 4: steps and biases are fp32; 2: half precision. */
export let stepBytes: u32 = 0;
/** k: the low bits of a code that the network does not see; 0: it sees all. */
export let nestedShift: u32 = 0;

export let lowest: f32 = 0;
export let highest: f32 = 0;
/** 2^k: a step, as written down, in steps of the stored codes; and 2^−k. Both exact, and 1 where nothing is nested. */
export let coarse: f32 = 1;
export let fine: f32 = 1;
/** The code that stands for a row's bias. */
export let origin: f32 = 0;
/** Codes of one row, as floats. */
export let workCodes: usize = 0;
/** Uniforms, or random words, of one row. */
export let workNoise: usize = 0;
/** First and second moments of one row, where they are not fp32 in its record. */
export let workFirst: usize = 0;
export let workSecond: usize = 0;

/** Reads the header there; `work` is this thread's work area, 16-byte aligned. */
export function bind(work: usize, header: usize): void {
  dim = load<u32>(header);
  bits = load<u32>(header, 4);
  recordBytes = load<u32>(header, 8);
  stepOffset = load<u32>(header, 12);
  tableStep = load<f32>(header, 16);
  firstRow = load<u32>(header, 20);
  written = load<u32>(header, 24);
  records = load<u32>(header, 28);
  offsets = load<u32>(header, 32);
  vocabularies = load<u32>(header, 36);
  seedLow = load<u32>(header, 40);
  seedHigh = load<u32>(header, 44);
  tableNumber = load<u32>(header, 48);
  initialScale = load<f32>(header, 52);
  rowRange = load<u32>(header, 56);
  onesFrom = load<u32>(header, 60);
  stepBytes = load<u32>(header, 64);
  nestedShift = load<u32>(header, 68);
  coarse = <f32>(1 << nestedShift);
  fine = 1 / coarse;
  const half = bits < 32 ? <f32>(1 << (bits - 1)) : 0;
  lowest = -half;
  highest = half - 1;
  origin = rowRange == 2 ? lowest : nestedShift ? <f32>(1 << (nestedShift - 1)) : 0;
  workCodes = work;
  const lineBytes = ((dim + 3) & ~3) << 2;
  workNoise = work + lineBytes;
  workFirst = workNoise + (((dim + 15) & ~15) << 2);
  workSecond = workFirst + lineBytes;
}

// @ts-ignore: decorator
@inline
export function record(row: u32): usize {
  return records + <usize>(row - firstRow) * recordBytes;
}

// @ts-ignore: decorator
@inline
export function isWritten(row: u32): bool {
  const local = row - firstRow;
  return ((load<u32>(written + ((local >> 5) << 2)) >> (local & 31)) & 1) != 0;
}

/** Atomic: neighbouring rows, whose bits share a word, may belong to other threads. */
export function markWritten(row: u32): void {
  const local = row - firstRow;
  const word = written + ((local >> 5) << 2);
  const bit = <u32>1 << (local & 31);
  if (ASC_FEATURE_THREADS) atomic.or<u32>(word, bit);
  else store<u32>(word, load<u32>(word) | bit);
}

let vocabulary: u32 = 0;

/** Number of the vocabulary that holds `row`. Rows come sorted, so the search starts where the last one ended. */
export function vocabularyOf(row: u32): u32 {
  if (vocabulary >= vocabularies || load<u32>(offsets + (vocabulary << 2)) > row) vocabulary = 0;
  while (load<u32>(offsets + ((vocabulary + 1) << 2)) <= row) vocabulary++;
  return vocabulary;
}
