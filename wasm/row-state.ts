// The moments of one row at a time, as fp32 numbers at `first` and `second`: in place where they are stored so, else
// unpacked to this thread's work area and packed again, rounded stochastically. Behind them a row may count its
// updates (u16). Specification: src/quantization/moments.ts, src/kernels/reference-row-state.ts.
import { drawWords, toUniforms } from './random';
import { workFirst, workNoise, workSecond } from './table';

/** Moments of the row in work: D and D or 1 floats. */
export let first: usize = 0;
export let second: usize = 0;

const FP32: u32 = 0;
const INT8: u32 = 2;
const FIRST_LEVELS: f32 = 127;
const SECOND_LEVELS: f32 = 255;
const FIRST_LEAST: u32 = 1;
const SECOND_LEAST: u32 = 64;

let states: usize = 0;
let stride: u32 = 0;
let firstRow: u32 = 0;
let type: u32 = 0;
export let hasFirst: bool = false;
let trainingStep: u32 = 0;
let firstStream: u32 = 0;
let secondStream: u32 = 0;
/** Of the row in work: its state, and what is behind its moments. */
let state: usize = 0;
let end: usize = 0;

/** See `OptimizerKernels`. */
export function bindState(
  statesAt: usize, strideBytes: u32, first: u32, stateType: u32, hasFirstMoments: bool, step: u32,
  streamOfFirst: u32, streamOfSecond: u32,
): void {
  states = statesAt;
  stride = strideBytes;
  firstRow = first;
  type = stateType;
  hasFirst = hasFirstMoments;
  trainingStep = step;
  firstStream = streamOfFirst;
  secondStream = streamOfSecond;
}

/** Takes up a row with D = `dim`, and `width` second moments. */
// @ts-ignore: decorator
@inline
export function openState(row: u32, dim: u32, width: u32): void {
  state = states + <usize>(row - firstRow) * stride;
  if (type == FP32) {
    first = state;
    second = state + (hasFirst ? <usize>(dim << 2) : 0);
    end = second + (width << 2);
  } else {
    unpackState(dim, width);
  }
}

/** Stores the moments of the row taken up last. */
// @ts-ignore: decorator
@inline
export function closeState(row: u32, dim: u32, width: u32): void {
  if (type != FP32) packState(row, dim, width);
}

/** The row's updates with this one, which it counts. */
// @ts-ignore: decorator
@inline
export function countUpdate(): u32 {
  const updates = min<u32>(<u32>load<u16>(end) + 1, 0xffff);
  store<u16>(end, updates);
  return updates;
}

function unpackState(dim: u32, width: u32): void {
  let at = state;
  if (hasFirst) {
    first = workFirst;
    if (type == INT8 && dim > 1) at = unpackFirst(at, dim);
    else at = unpackHalves(at, dim, workFirst);
  }
  second = workSecond;
  if (type == INT8 && width > 1) at = unpackSecond(at, width);
  else at = unpackHalves(at, width, workSecond);
  end = at;
}

function packState(row: u32, dim: u32, width: u32): void {
  let at = state;
  if (hasFirst) {
    drawWords(row, trainingStep, firstStream, dim);
    if (type == INT8 && dim > 1) at = packFirst(at, dim);
    else at = packHalves(at, dim, workFirst);
  }
  drawWords(row, trainingStep, secondStream, width);
  if (type == INT8 && width > 1) packSecond(at, width);
  else packHalves(at, width, workSecond);
}

// Work areas have room for whole vectors, and loads may read beyond a row's state: what follows the records is this
// shard's scratch. Stores must not pass its end.

function unpackHalves(from: usize, count: u32, to: usize): usize {
  for (let j: u32 = 0; j < count; j += 4) {
    const halves = v128.load_zero<u64>(from + (j << 1));
    v128.store(to + (j << 2), v128.shl<i32>(v128.extend_low<u16>(halves), 16));
  }
  return from + (count << 1);
}

function packHalves(to: usize, count: u32, from: usize): usize {
  let j: u32 = 0;
  for (; j + 4 <= count; j += 4) {
    const noise = v128.shr<u32>(v128.load(workNoise + (j << 2)), 16);
    const rounded = v128.shr<u32>(v128.add<i32>(v128.load(from + (j << 2)), noise), 16);
    v128.store_lane<u64>(to + (j << 1), v128.narrow<u32>(rounded, rounded), 0);
  }
  for (; j < count; j++) {
    const noise = load<u32>(workNoise + (j << 2)) >> 16;
    store<u16>(to + (j << 1), (load<u32>(from + (j << 2)) + noise) >> 16);
  }
  return to + (count << 1);
}

// @ts-ignore: decorator
@inline
function scaleOf(exponent: u32): f32 {
  return reinterpret<f32>(exponent << 23);
}

// @ts-ignore: decorator
@inline
function scaleExponent(largest: f32, levels: f32, digits: u32, least: u32): u32 {
  if (largest == 0) return 0;
  const exponent = <i32>(reinterpret<u32>(largest) >> 23) - <i32>digits;
  if (exponent < <i32>least) return least;
  return largest > levels * scaleOf(exponent) ? exponent + 1 : exponent;
}

function unpackFirst(from: usize, count: u32): usize {
  const scale = v128.splat<f32>(scaleOf(load<u8>(from++)));
  for (let j: u32 = 0; j < count; j += 4) {
    const codes = v128.extend_low<i16>(v128.extend_low<i8>(v128.load_zero<u32>(from + j)));
    v128.store(workFirst + (j << 2), v128.mul<f32>(v128.convert<i32>(codes), scale));
  }
  return from + count;
}

function unpackSecond(from: usize, count: u32): usize {
  const scale = v128.splat<f32>(scaleOf(load<u8>(from++)));
  for (let j: u32 = 0; j < count; j += 4) {
    const codes = v128.extend_low<u16>(v128.extend_low<u8>(v128.load_zero<u32>(from + j)));
    const root = v128.mul<f32>(v128.convert<i32>(codes), scale);
    v128.store(workSecond + (j << 2), v128.mul<f32>(root, root));
  }
  return from + count;
}

/** The largest magnitude of `count` floats. What is behind them in the last vector is set to 0. */
function largestOf(at: usize, count: u32): f32 {
  for (let j = count; j & 3; j++) store<f32>(at + (j << 2), 0);
  let most = v128.splat<f32>(0);
  for (let j: u32 = 0; j < count; j += 4) {
    // Magnitudes order like whole numbers, which saves what a maximum does about NaN.
    most = v128.max<u32>(most, v128.and(v128.load(at + (j << 2)), v128.splat<u32>(0x7fffffff)));
  }
  const two = v128.max<u32>(most, v128.shuffle<u32>(most, most, 2, 3, 0, 1));
  const one = v128.max<u32>(two, v128.shuffle<u32>(two, two, 1, 0, 3, 2));
  return v128.extract_lane<f32>(one, 0);
}

/** The first `count − j` bytes of four that are lane 0. */
// @ts-ignore: decorator
@inline
function storeBytes(to: usize, bytes: v128, left: u32): void {
  if (left >= 4) {
    v128.store_lane<u32>(to, bytes, 0);
    return;
  }
  let word = v128.extract_lane<u32>(bytes, 0);
  for (let e: u32 = 0; e < left; e++, word >>= 8) store<u8>(to + e, word);
}

function packFirst(to: usize, count: u32): usize {
  const exponent = scaleExponent(largestOf(workFirst, count), FIRST_LEVELS, 6, FIRST_LEAST);
  store<u8>(to++, exponent);
  const inverse = v128.splat<f32>(exponent ? scaleOf(254 - exponent) : 0);
  for (let j: u32 = 0; j < count; j += 4) {
    const x = v128.mul<f32>(v128.load(workFirst + (j << 2)), inverse);
    const floor = v128.floor<f32>(x);
    const isUp = v128.lt<f32>(toUniforms(workNoise + (j << 2)), v128.sub<f32>(x, floor));
    const code = v128.trunc_sat<i32>(v128.add<f32>(floor, v128.and(isUp, v128.splat<f32>(1))));
    const words = v128.narrow<i32>(code, code);
    storeBytes(to + j, v128.narrow<i16>(words, words), count - j);
  }
  return to + count;
}

function packSecond(to: usize, count: u32): void {
  const exponent = scaleExponent(Mathf.sqrt(largestOf(workSecond, count)), SECOND_LEVELS, 7, SECOND_LEAST);
  store<u8>(to++, exponent);
  const inverse = v128.splat<f32>(exponent ? scaleOf(254 - exponent) : 0);
  const most = v128.splat<f32>(SECOND_LEVELS * SECOND_LEVELS);
  const one = v128.splat<f32>(1);
  for (let j: u32 = 0; j < count; j += 4) {
    const v = v128.load(workSecond + (j << 2));
    const x = v128.pmin<f32>(most, v128.mul<f32>(v128.mul<f32>(v, inverse), inverse));
    const code = v128.floor<f32>(v128.sqrt<f32>(x));
    const width = v128.add<f32>(v128.add<f32>(code, code), one);
    const share = v128.div<f32>(v128.sub<f32>(x, v128.mul<f32>(code, code)), width);
    const isUp = v128.lt<f32>(toUniforms(workNoise + (j << 2)), share);
    const rounded = v128.pmax<f32>(one, v128.add<f32>(code, v128.and(isUp, one)));
    const kept = v128.and(rounded, v128.ne<f32>(v, v128.splat<f32>(0)));
    const words = v128.narrow<i32>(v128.trunc_sat<i32>(kept), v128.splat<i32>(0));
    storeBytes(to + j, v128.narrow<u16>(words, words), count - j);
  }
}
