// A page as Markdown: for a repository, a review, an issue.
import type { Page, PageTable, Section } from './page.js';

/** The page as Markdown; its figures are files beside it. */
export function renderMarkdown({ title, sections }: Page): string {
  return `${[`# ${title}`, ...sections.map(section)].join('\n\n')}\n`;
}

function section(part: Section): string {
  switch (part.kind) {
    case 'heading':
      return `## ${part.text}`;
    case 'text':
      return escape(part.text);
    case 'list':
      return part.items.map((item) => `- ${escape(item)}`).join('\n');
    case 'table':
      return table(part.table);
    case 'figure': {
      const { name, caption } = part.figure;
      return `![${escape(caption)}](${name}.svg)\n\n*${escape(caption)}*`;
    }
    default:
      return part satisfies never;
  }
}

/** Markdown has one row of headings: a group's title stands before each of its columns. */
function table({ corner, groups, rows }: PageTable): string {
  const columns = groups.flatMap(({ title, columns }) =>
    columns.map((column) => (title === '' ? column : `${title}: ${column}`)),
  );
  const line = (cells: readonly string[]) => `| ${cells.map(escape).join(' | ')} |`;
  return [
    line([corner, ...columns]),
    `| --- |${' ---: |'.repeat(columns.length)}`,
    ...rows.map(({ name, cells }) => line([name, ...cells])),
  ].join('\n');
}

function escape(text: string): string {
  return text.replace(/[\\*_|<>`[\]]/g, '\\$&');
}
