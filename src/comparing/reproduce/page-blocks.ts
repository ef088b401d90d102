// A page as blocks of a report, from which its HTML and Markdown are made.
import type { Block, Text } from '../../reports/content.js';
import type { Page, PageTable, Section } from './page.js';

/** Characters of a line that still stand beside each other on a page. */
const width = 100;

/** The page's blocks, its title first. */
export function pageBlocks({ title, sections }: Page): Block[] {
  return [{ kind: 'heading', level: 1, text: title }, ...sections.flatMap(blocks)];
}

function blocks(section: Section): Block[] {
  switch (section.kind) {
    case 'heading':
      return [{ kind: 'heading', level: 2, text: section.text }];
    case 'text':
      return [{ kind: 'paragraph', text: withCode(section.text) }];
    case 'list':
      return [{ kind: 'list', items: section.items.map(withCode) }];
    case 'table':
      return tableBlocks(section.table);
    case 'figure':
      return [{ kind: 'figure', ...section.figure }];
    default:
      return section satisfies never;
  }
}

/** What stands between backticks is code. */
function withCode(text: string): Text {
  return text.split('`').map((part, i) => (i % 2 === 1 ? { code: part } : part));
}

/** One table where its groups fit beside each other, a group's title before each of its columns; else one for each. */
function tableBlocks(table: PageTable): Block[] {
  const { corner, groups, rows } = table;
  const heads = groups.flatMap(({ title, columns }) =>
    columns.map((column) => (title === '' ? column : `${title}: ${column}`)),
  );
  const names = Math.max(corner.length, ...rows.map(({ name }) => name.length));
  const space = heads.reduce(
    (sum, head, c) => sum + 2 + Math.max(head.length, ...rows.map(({ cells }) => cells[c].length)),
    names,
  );
  if (groups.length === 1 || space <= width) return [tableBlock(corner, heads, rows)];
  let first = 0;
  return groups.flatMap(({ title, columns }): Block[] => {
    const from = first;
    first += columns.length;
    const own = rows.map(({ name, cells }) => ({ name, cells: cells.slice(from, from + columns.length) }));
    return [{ kind: 'heading', level: 3, text: title }, tableBlock(corner, columns, own)];
  });
}

function tableBlock(corner: string, heads: readonly string[], rows: PageTable['rows']): Block {
  return {
    kind: 'table',
    columns: [{ head: corner }, ...heads.map((head) => ({ head, kind: 'right' as const }))],
    rows: rows.map(({ name, cells }) => [name, ...cells]),
  };
}
