// The frame of AUC against bytes: domains with room for error bars and names, and both ways between data and pixels,
// which placing names needs before anything is drawn.
import { figureWidth } from './figure-spec.js';
import type { Box } from './label-places.js';

export interface SizePoint {
  readonly name: string;
  /** Bytes. */
  readonly cost: number;
  /** AUC. */
  readonly value: number;
  /** Of the AUC over seeds; 0 where there is none. */
  readonly deviation: number;
}

const height = 420;
const margin = { marginLeft: 64, marginRight: 24, marginTop: 24, marginBottom: 46 };

export interface SizeFrame {
  readonly size: { readonly width: number; readonly height: number } & typeof margin;
  readonly bounds: Box;
  readonly costs: [number, number];
  readonly values: [number, number];
  readonly ticks: number[];
  toPixel(cost: number, value: number): { x: number; y: number };
  toData(x: number, y: number): { cost: number; value: number };
}

export function sizeFrame(points: readonly SizePoint[]): SizeFrame {
  const bytes = points.map(({ cost }) => cost);
  const costs: [number, number] = [Math.min(...bytes) / 1.4, Math.max(...bytes) * 1.5];
  const low = Math.min(...points.map(({ value, deviation }) => value - deviation));
  const high = Math.max(...points.map(({ value, deviation }) => value + deviation));
  const pad = 0.08 * (high - low || 1e-3);
  const values: [number, number] = [low - pad, high + pad];
  const bounds = {
    left: margin.marginLeft,
    right: figureWidth - margin.marginRight,
    top: margin.marginTop,
    bottom: height - margin.marginBottom,
  };
  const [logLow, logHigh] = costs.map(Math.log);
  const perLog = (bounds.right - bounds.left) / (logHigh - logLow);
  const perValue = (bounds.bottom - bounds.top) / (values[1] - values[0]);
  return {
    size: { width: figureWidth, height, ...margin },
    bounds,
    costs,
    values,
    ticks: ticksWithin(costs),
    toPixel: (cost, value) => ({
      x: bounds.left + (Math.log(cost) - logLow) * perLog,
      y: bounds.bottom - (value - values[0]) * perValue,
    }),
    toData: (x, y) => ({
      cost: Math.exp(logLow + (x - bounds.left) / perLog),
      value: values[0] + (bounds.bottom - y) / perValue,
    }),
  };
}

/** 1, 2 and 5 times powers of ten. */
function ticksWithin([low, high]: [number, number]): number[] {
  const ticks: number[] = [];
  for (let power = 10 ** Math.floor(Math.log10(low)); power <= high; power *= 10) {
    for (const factor of [1, 2, 5])
      if (factor * power >= low && factor * power <= high) ticks.push(factor * power);
  }
  return ticks;
}
