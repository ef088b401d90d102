// A page as blocks of a report, from which its HTML and Markdown are made.
import type { Block } from '../../reports/content.js';
import type { Page, PageTable, Section } from './page.js';

/** The page's blocks, its title first. */
export function pageBlocks({ title, sections }: Page): Block[] {
  return [{ kind: 'heading', level: 1, text: title }, ...sections.map(block)];
}

function block(section: Section): Block {
  switch (section.kind) {
    case 'heading':
      return { kind: 'heading', level: 2, text: section.text };
    case 'text':
      return { kind: 'paragraph', text: section.text };
    case 'list':
      return { kind: 'list', items: section.items };
    case 'table':
      return tableBlock(section.table);
    case 'figure':
      return { kind: 'figure', ...section.figure };
    default:
      return section satisfies never;
  }
}

/** A block has one row of headings: a group's title stands before each of its columns. */
function tableBlock({ corner, groups, rows }: PageTable): Block {
  const columns = groups.flatMap(({ title, columns }) =>
    columns.map((column) => (title === '' ? column : `${title}: ${column}`)),
  );
  return {
    kind: 'table',
    columns: [{ head: corner }, ...columns.map((head) => ({ head, kind: 'right' as const }))],
    rows: rows.map(({ name, cells }) => [name, ...cells]),
  };
}
