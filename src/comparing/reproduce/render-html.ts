// A page as HTML without anything outside the file: figures are part of it.
import type { Page, PageTable, Section } from './page.js';

/** What stands in the page's body. */
export function renderHtml({ title, sections }: Page): string {
  return [`<h1>${escape(title)}</h1>`, ...sections.map(section)].join('\n');
}

function section(part: Section): string {
  switch (part.kind) {
    case 'heading':
      return `<h2>${escape(part.text)}</h2>`;
    case 'text':
      return `<p>${escape(part.text)}</p>`;
    case 'list':
      return `<ul>${part.items.map((item) => `<li>${escape(item)}</li>`).join('')}</ul>`;
    case 'table':
      return table(part.table);
    case 'figure':
      return `<figure>${part.figure.svg}<figcaption>${escape(part.figure.caption)}</figcaption></figure>`;
    default:
      return part satisfies never;
  }
}

function table({ corner, groups, rows }: PageTable): string {
  const cell = (text: string) => `<td>${escape(text)}</td>`;
  const titles = groups
    .map(({ title, columns }) => `<th colspan="${columns.length}" scope="colgroup">${escape(title)}</th>`)
    .join('');
  const columns = groups
    .flatMap((group) => group.columns)
    .map((column) => `<th scope="col">${escape(column)}</th>`)
    .join('');
  const body = rows.map(
    ({ name, cells }) => `<tr><th scope="row">${escape(name)}</th>${cells.map(cell).join('')}</tr>`,
  );
  const head = groups.some(({ title }) => title !== '') ? `<tr><td></td>${titles}</tr>` : '';
  return `<table><thead>${head}<tr><th scope="col">${escape(corner)}</th>${columns}</tr></thead><tbody>${body.join('')}</tbody></table>`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
