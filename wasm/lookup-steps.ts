// The lookup of rows as training has them: codes with a step, or fp32 values. Specification: src/kernels/reference-lookup.ts.
import { copyLine, keepLoads } from './lines';
import { AHEAD, maskOf, oneCode, places, side, sixteenCodes } from './lookup';

/** Touches the rows from k on: their ways from memory overlap. Gives where it stopped. */
// @ts-ignore: decorator
@inline
function touchAhead(k: u32, count: u32, rows: usize, codes: usize, stride: u32, lastByte: u32, steps: usize, sideStride: u32): u32 {
  const end = min<u32>(count, k + AHEAD);
  let touched: u32 = 0;
  for (let ahead = k; ahead < end; ahead++) {
    const row: usize = load<u32>(rows + (ahead << 2));
    touched ^= load<u8>(codes + row * stride) ^ load<u8>(codes + row * stride + lastByte);
    if (steps) touched ^= load<u8>(steps + row * sideStride);
  }
  keepLoads(touched);
  return end;
}

// @ts-ignore: decorator
@inline
function storeFour(codes: v128, place: v128, origin: v128, step: v128, bias: v128, out: usize): void {
  const position = v128.sub<f32>(v128.mul<f32>(v128.convert<i32>(codes), place), origin);
  v128.store(out, v128.add<f32>(v128.mul<f32>(step, position), bias));
}

/** out (D) = step · (code − origin) + bias, in fp32. */
// @ts-ignore: decorator
@inline
function storeRow(codes: usize, step: f32, bias: f32, origin: f32, bits: u32, dim: u32, mask: v128, out: usize): void {
  const steps = v128.splat<f32>(step);
  const biases = v128.splat<f32>(bias);
  const origins = v128.splat<f32>(origin);
  let j: u32 = 0;
  if (bits == 16) {
    const ones = f32x4(1, 1, 1, 1);
    for (; j + 4 <= dim; j += 4, out += 16) {
      storeFour(v128.extend_low<u16>(v128.load_zero<u64>(codes + (j << 1))), ones, origins, steps, biases, out);
    }
    for (; j < dim; j++, out += 4) store<f32>(out, step * (<f32>load<u16>(codes + (j << 1)) - origin) + bias);
    return;
  }
  const place = places(bits);
  for (; j + 16 <= dim; j += 16, out += 64) {
    const bytes = sixteenCodes(codes + ((j * bits) >> 3), bits, mask);
    const low = v128.extend_low<u8>(bytes);
    const high = v128.extend_high<u8>(bytes);
    storeFour(v128.extend_low<u16>(low), place, origins, steps, biases, out);
    storeFour(v128.extend_high<u16>(low), place, origins, steps, biases, out + 16);
    storeFour(v128.extend_low<u16>(high), place, origins, steps, biases, out + 32);
    storeFour(v128.extend_high<u16>(high), place, origins, steps, biases, out + 48);
  }
  for (; j < dim; j++, out += 4) store<f32>(out, step * (<f32>oneCode(codes, j, bits) - origin) + bias);
}

export function lookupSteps(
  codes: usize, codeStride: u32, steps: usize, biases: usize, sideStride: u32, sideBytes: u32, tableStep: f32, origin: f32,
  bits: u32, dim: u32, rows: usize, count: u32, out: usize,
): void {
  const lastByte = ((dim * bits + 7) >> 3) - 1;
  const mask = maskOf(bits);
  let fetched: u32 = 0;
  for (let k: u32 = 0; k < count; k++, out += dim << 2) {
    if (k >= fetched) fetched = touchAhead(k, count, rows, codes, codeStride, lastByte, steps, sideStride);
    const row: usize = load<u32>(rows + (k << 2));
    const step = steps ? side(steps + row * sideStride, sideBytes) : tableStep;
    const bias = biases ? side(biases + row * sideStride, sideBytes) : 0;
    const at = codes + row * codeStride;
    if (bits == 8) storeRow(at, step, bias, origin, 8, dim, mask, out);
    else if (bits == 4) storeRow(at, step, bias, origin, 4, dim, mask, out);
    else if (bits == 2) storeRow(at, step, bias, origin, 2, dim, mask, out);
    else storeRow(at, step, bias, origin, 16, dim, mask, out);
  }
}

export function lookupValues(values: usize, stride: u32, dim: u32, rows: usize, count: u32, out: usize): void {
  const bytes = dim << 2;
  let fetched: u32 = 0;
  for (let k: u32 = 0; k < count; k++, out += bytes) {
    if (k >= fetched) fetched = touchAhead(k, count, rows, values, stride, bytes - 1, 0, 0);
    copyLine(out, values + <usize>load<u32>(rows + (k << 2)) * stride, bytes);
  }
}
