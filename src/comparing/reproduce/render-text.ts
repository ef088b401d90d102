// A page for the terminal: tables in aligned columns, one group below the other where they would not fit beside each
// other; a figure is the name of its file.
import type { Page, PageTable, Section } from './page.js';

const width = 100;

/** The page as text. */
export function renderText({ title, sections }: Page): string {
  return [`${title}\n${'='.repeat(title.length)}`, ...sections.map(section)].join('\n\n');
}

function section(part: Section): string {
  switch (part.kind) {
    case 'heading':
      return `${part.text}\n${'-'.repeat(part.text.length)}`;
    case 'text':
      return wrap(part.text, '');
    case 'list':
      return part.items.map((item) => `- ${wrap(item, '  ')}`).join('\n');
    case 'table':
      return table(part.table);
    case 'figure':
      return wrap(`figures/${part.figure.name}.svg: ${part.figure.title}. ${part.figure.caption}`, '  ');
    default:
      return part satisfies never;
  }
}

function table(whole: PageTable): string {
  const lines = alignedTable(whole);
  if (whole.groups.length === 1 || lines.every((line) => line.length <= width)) return lines.join('\n');
  let first = 0;
  return whole.groups
    .map((group) => {
      const from = first;
      first += group.columns.length;
      const rows = whole.rows.map(({ name, cells }) => ({ name, cells: cells.slice(from, first) }));
      return alignedTable({ corner: whole.corner, groups: [group], rows }).join('\n');
    })
    .join('\n\n');
}

function alignedTable({ corner, groups, rows }: PageTable): string[] {
  const columns = groups.flatMap((group) => group.columns);
  const widths = columns.map((column, c) =>
    Math.max(column.length, ...rows.map(({ cells }) => cells[c].length)),
  );
  const nameWidth = Math.max(corner.length, ...rows.map(({ name }) => name.length));
  const line = (name: string, cells: readonly string[]) =>
    [name.padEnd(nameWidth), ...cells.map((cell, c) => cell.padStart(widths[c]))].join('  ').trimEnd();
  let titles = ''.padEnd(nameWidth);
  let first = 0;
  for (const group of groups) {
    const own = widths.slice(first, first + group.columns.length);
    const space = own.reduce((sum, each) => sum + each + 2, -2);
    // A title longer than its columns widens the last of them.
    if (group.title.length > space) widths[first + own.length - 1] += group.title.length - space;
    titles += `  ${group.title.padEnd(space)}`;
    first += group.columns.length;
  }
  const hasTitles = groups.some(({ title }) => title !== '');
  return [
    ...(hasTitles ? [titles.trimEnd()] : []),
    line(corner, columns),
    ...rows.map(({ name, cells }) => line(name, cells)),
  ];
}

function wrap(text: string, indent: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join(`\n${indent}`);
}
