// A page on the terminal.
import { expect, it } from 'vitest';
import { renderText } from './render-text.js';

const wide = (title: string, columns: number) => ({
  title,
  columns: Array.from({ length: columns }, (_, i) => `column ${i + 1}`),
});

it('puts groups beside each other, their titles over their columns', () => {
  const table = {
    corner: 'method',
    groups: [
      { title: 'here', columns: ['AUC', 'Logloss'] },
      { title: 'a longer title', columns: ['AUC'] },
    ],
    rows: [{ name: 'FP', cells: ['0.81', '0.4', '0.8144'] }],
  };
  expect(renderText({ title: 'Table', sections: [{ kind: 'table', table }], record: {} })).toBe(
    [
      'Table',
      '=====',
      '',
      '        here           a longer title',
      'method   AUC  Logloss             AUC',
      'FP      0.81      0.4          0.8144',
    ].join('\n'),
  );
});

it('puts groups below each other where they are too wide, and wraps text', () => {
  const table = {
    corner: '',
    groups: [wide('ours', 6), wide('theirs', 6)],
    rows: [{ name: 'FP', cells: Array.from({ length: 12 }, (_, i) => String(i)) }],
  };
  const text = renderText({
    title: 'Table',
    sections: [
      { kind: 'table', table },
      { kind: 'list', items: ['word '.repeat(40).trim()] },
    ],
    record: {},
  });
  const lines = text.split('\n');
  expect(lines.every((line) => line.length <= 100)).toBe(true);
  expect(lines.filter((line) => line.startsWith('FP'))).toHaveLength(2);
  expect(lines.findIndex((line) => line.includes('theirs'))).toBeGreaterThan(
    lines.findIndex((line) => line.startsWith('FP')),
  );
});
