// Blocks of a report as HTML, its figures within the page.
import { type Block, inlines, type Text } from './content.js';
import { escapeHtml } from './escape.js';

export function htmlOf(blocks: readonly Block[]): string {
  return blocks.map(htmlBlock).join('\n');
}

function htmlBlock(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `<h${block.level}>${escapeHtml(block.text)}</h${block.level}>`;
    case 'paragraph':
      return `<p>${htmlText(block.text)}</p>`;
    case 'list':
      return `<ul>\n${block.items.map((item) => `<li>${htmlText(item)}</li>`).join('\n')}\n</ul>`;
    case 'table':
      return htmlTable(block);
    case 'code':
      return `<pre><code>${escapeHtml(block.text.trimEnd())}</code></pre>`;
    case 'details':
      return `<details>\n<summary>${escapeHtml(block.summary)}</summary>\n${htmlOf(block.blocks)}\n</details>`;
    case 'figure':
      return `<figure id="${escapeHtml(block.name)}">\n${block.svg}<figcaption><strong>${escapeHtml(block.title)}.</strong> ${htmlText(block.caption)}</figcaption>\n</figure>`;
    default:
      return block satisfies never;
  }
}

function htmlTable({ columns, rows }: Extract<Block, { kind: 'table' }>): string {
  const classes = columns.map(({ kind }) => (kind ? ` class="${kind}"` : ''));
  const head = columns.map((column, i) => `<th scope="col"${classes[i]}>${escapeHtml(column.head)}</th>`);
  const body = rows.map(
    (cells) => `<tr>${cells.map((cell, i) => `<td${classes[i]}>${htmlText(cell)}</td>`).join('')}</tr>`,
  );
  return `<div class="scroll"><table>\n<thead><tr>${head.join('')}</tr></thead>\n<tbody>\n${body.join('\n')}\n</tbody>\n</table></div>`;
}

function htmlText(text: Text): string {
  return inlines(text)
    .map((part) => {
      if (typeof part === 'string') return escapeHtml(part);
      return 'code' in part
        ? `<code>${escapeHtml(part.code)}</code>`
        : `<strong>${escapeHtml(part.strong)}</strong>`;
    })
    .join('');
}
