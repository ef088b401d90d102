// The frame of AUC against bytes: domains with room for error bars and names, and both ways between data and pixels,
// which placing names needs before anything is drawn.
import { figureWidth } from './figure-spec.js';
import type { Box } from './label-places.js';
import { logTicks } from './log-ticks.js';

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
  /** Where to draw what lies below the frame. */
  readonly below: number;
  readonly ticks: number[];
  toPixel(cost: number, value: number): { x: number; y: number };
  toData(x: number, y: number): { cost: number; value: number };
}

/** @param lowest points of lower values stand at the frame's lower end */
export function sizeFrame(points: readonly SizePoint[], lowest: number): SizeFrame {
  const shown = points.filter(({ value }) => value >= lowest);
  const bytes = points.map(({ cost }) => cost);
  const costs: [number, number] = [Math.min(...bytes) / 1.4, Math.max(...bytes) * 1.5];
  const low = Math.min(...shown.map(({ value, deviation }) => value - deviation));
  const high = Math.max(...shown.map(({ value, deviation }) => value + deviation));
  const pad = 0.08 * (high - low || 1e-3);
  const values: [number, number] = [low - (shown.length < points.length ? 3 : 1) * pad, high + pad];
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
    below: values[0] + pad,
    ticks: logTicks(costs),
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
