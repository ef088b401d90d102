// Text of people (names, paths, commands, messages) made safe for the two languages of a report.

/** Characters that XML 1.0 cannot hold, not even escaped; lone surrogates among them. */
const unwritable =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** The text without what no XML document can hold. */
export function writable(text: string): string {
  return text.replace(unwritable, '\ufffd');
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For HTML and XML, as text or within an attribute's quotes. */
export function escapeHtml(text: string): string {
  return writable(text).replace(/[&<>"']/g, (character) => entities[character]);
}

/** For a line of Markdown, in a table's cell too: nothing in it is markup, and it stays one line. */
export function escapeMarkdown(text: string): string {
  return (
    writable(text)
      .replace(/\s+/g, ' ')
      .replace(/[\\`*_{}[\]<>()#+!|~&$@]/g, '\\$&')
      .replace(/^(\s*)([-=])/, '$1\\$2')
      // A list's number is followed by a space; 0.2880 is none.
      .replace(/^(\s*\d+)\.(?=\s|$)/, '$1\\.')
      .replace(/:\/\//g, ':\\/\\/')
      .replace(/\bwww\./gi, (www) => `${www.slice(0, 3)}\\.`)
  );
}

/** Code within a line of Markdown, quoted by more backticks than it has in a row. */
export function codeMarkdown(text: string, isInTable = false): string {
  const plain = writable(text).replace(/\s+/g, ' ');
  // Within a table alone `|` ends a cell even in code, and only there a backslash before it is not shown.
  const line = isInTable ? plain.replaceAll('|', '\\|') : plain;
  const fence = '`'.repeat(longestRun(line) + 1);
  const pad = /^`|`$/.test(line) || line.trim() === '' ? ' ' : '';
  return `${fence}${pad}${line}${pad}${fence}`;
}

/** A block of code in Markdown. */
export function fencedMarkdown(text: string, language: string): string {
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}${language}\n${writable(text).trimEnd()}\n${fence}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}
