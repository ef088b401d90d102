// What a report says, before it is HTML or Markdown: a list of blocks. Text in it is plain; the writers escape it.

/** Code, strong words, or plain text. */
export type Inline = string | { readonly code: string } | { readonly strong: string };
export type Text = string | readonly Inline[];

export interface Column {
  readonly head: string;
  /** Numbers stand to the right, an interval may stand below its mean; a wide column is text of several lines. */
  readonly kind?: 'right' | 'interval' | 'wide';
}

export type Block =
  | { readonly kind: 'heading'; readonly level: 1 | 2 | 3; readonly text: string }
  | { readonly kind: 'paragraph'; readonly text: Text }
  | { readonly kind: 'list'; readonly items: readonly Text[] }
  | {
      readonly kind: 'table';
      readonly columns: readonly Column[];
      readonly rows: readonly (readonly Text[])[];
    }
  | { readonly kind: 'code'; readonly text: string; readonly language: string }
  | { readonly kind: 'details'; readonly summary: string; readonly blocks: readonly Block[] }
  | FigureBlock;

export interface FigureBlock {
  readonly kind: 'figure';
  /** Of its file, without `.svg`. */
  readonly name: string;
  readonly title: string;
  readonly caption: Text;
  readonly svg: string;
}

export function inlines(text: Text): readonly Inline[] {
  return typeof text === 'string' ? [text] : text;
}

/** Items with a comma, and `and` before the last. */
export function listed(items: readonly Inline[]): Inline[] {
  return items.flatMap((item, i) => {
    if (i === 0) return [item];
    return [i === items.length - 1 ? ' and ' : ', ', item];
  });
}
