// The exposition, read by a parser written from the format's description and from nothing of metrics.ts.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseExposition } from '../../test/prometheus-text.js';
import { Metrics } from './metrics.js';

describe('the exposition', () => {
  it('is what the format says, for any labels and numbers', () => {
    const label = fc.string({ unit: 'binary', maxLength: 8 });
    const samples = fc.array(fc.tuple(label, fc.double()), { maxLength: 5 });
    fc.assert(
      fc.property(samples, fc.string({ maxLength: 20 }), (values, help) => {
        const metrics = new Metrics();
        const gauge = metrics.gauge('a_gauge', help);
        for (const [value, x] of values) gauge.with({ what: value }).set(x);
        // The text knows no −0.
        const expected = new Map(values.map(([value, x]) => [value, x + 0]));
        const { families } = parseExposition(metrics.text());
        expect(families.length).toBe(expected.size === 0 ? 0 : 1);
        for (const { kind, help: found, samples } of families) {
          expect({ kind, found }).toEqual({ kind: 'gauge', found: help });
          expect(new Map(samples.map(({ labels, value }) => [labels.what, value]))).toEqual(expected);
        }
      }),
    );
  });

  it('has histograms that are cumulative, with sum and count', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -10, max: 100, noNaN: true })), (observed) => {
        const metrics = new Metrics();
        const child = metrics.histogram('h', 'help', [0, 1, 10]).with({ stage: 'x' });
        for (const x of observed) child.observe(x);
        const { samples } = parseExposition(metrics.text()).families[0];
        const bucket = (le: string) =>
          samples.find(({ name, labels }) => name === 'h_bucket' && labels.le === le)?.value;
        for (const [le, bound] of [
          ['0', 0],
          ['1', 1],
          ['10', 10],
          ['+Inf', Number.POSITIVE_INFINITY],
        ] as const) {
          expect(bucket(le)).toBe(observed.filter((x) => x <= bound).length);
        }
        const of = (name: string) => samples.find((sample) => sample.name === name)?.value;
        expect(of('h_count')).toBe(observed.length);
        expect(of('h_sum')).toBeCloseTo(
          observed.reduce((sum, x) => sum + x, 0),
          6,
        );
      }),
    );
  });

  it('counts, and forgets a child', () => {
    const metrics = new Metrics();
    const family = metrics.counter('n_total', 'help');
    family.with({ a: '1' }).add();
    family.with({ a: '1' }).add(2);
    family.with({ a: '2' }).add();
    expect(family.sum()).toBe(4);
    family.remove({ a: '2' });
    expect(metrics.text()).toBe('# HELP n_total help\n# TYPE n_total counter\nn_total{a="1"} 3\n');
  });
});
