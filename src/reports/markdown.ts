// Blocks of a report as Markdown, as GitHub reads it; figures are links to files in `figures/`.
import { type Block, inlines, type Text } from './content.js';
import { codeMarkdown, escapeHtml, escapeMarkdown, fencedMarkdown } from './escape.js';

export function markdownOf(blocks: readonly Block[]): string {
  return `${blocks.map(markdownBlock).join('\n\n')}\n`;
}

function markdownBlock(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `${'#'.repeat(block.level)} ${escapeMarkdown(block.text)}`;
    case 'paragraph':
      return markdownText(block.text);
    case 'list':
      return block.items.map((item) => `- ${markdownText(item)}`).join('\n');
    case 'table':
      return markdownTable(block);
    case 'code':
      return fencedMarkdown(block.text, block.language);
    case 'details':
      return `<details>\n<summary>${escapeHtml(block.summary)}</summary>\n\n${markdownOf(block.blocks)}\n</details>`;
    case 'figure':
      return `![${escapeMarkdown(block.title)}](figures/${block.name}.svg)\n\n**${escapeMarkdown(block.title)}.** ${markdownText(block.caption)}`;
    default:
      return block satisfies never;
  }
}

function markdownTable({ columns, rows }: Extract<Block, { kind: 'table' }>): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(columns.map(({ head }) => escapeMarkdown(head))),
    line(columns.map(({ kind }) => (kind === 'right' || kind === 'interval' ? '---:' : '---'))),
    ...rows.map((cells) => line(cells.map((cell) => markdownText(cell, true)))),
  ].join('\n');
}

function markdownText(text: Text, isInTable = false): string {
  return inlines(text)
    .map((part) => {
      if (typeof part === 'string') return escapeMarkdown(part);
      return 'code' in part ? codeMarkdown(part.code, isInTable) : `**${escapeMarkdown(part.strong)}**`;
    })
    .join('');
}
