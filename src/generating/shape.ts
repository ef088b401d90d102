// What a generated file looks like: its columns, and the published facts that its laws are fitted to. One file for
// each shape (criteo.ts, avazu.ts).

/** A column of categories. */
export interface CategorySpec {
  readonly name: string;
  /** Different values in the published rows. */
  readonly cardinality: number;
  /** How fast shares fall with rank (frequency-law.ts). */
  readonly exponent: number;
  /** Share of a value that stands out from all others, such as a placeholder. Default: none does. */
  readonly topShare?: number;
  /** The text of a rank, different for each: 8 hex digits by default, or a number from `first` on. */
  readonly first?: number;
}

/** A column of counts: ⌊e^z⌋ of a normal z that gives the published mean and deviation; some cells are empty. */
export interface NumberSpec {
  readonly name: string;
  readonly mean: number;
  readonly deviation: number;
}

/** A data set to look like. */
export interface Shape {
  readonly summary: string;
  readonly categories: readonly CategorySpec[];
  readonly numbers: readonly NumberSpec[];
  /** Published number of rows, by which the cardinalities are. */
  readonly rows: number;
  /** Published share of ones. */
  readonly positiveRate: number;
  /** Standard deviation of the planted logit: sets how good the best AUC is. */
  readonly logitDeviation: number;
  /** Rarer values are OOV by default when it is prepared. */
  readonly minCount: number;
  readonly separator: string;
  /** The header line, or none. */
  readonly header?: readonly string[];
  /** Fields that `prepare` makes of columns that are neither categories nor numbers. */
  readonly otherFields: number;
  /** The cells of a line, in the order of the file. */
  readonly columns: readonly Column[];
}

/** Where a cell comes from. `index` counts in `categories` or `numbers`. */
export type Column =
  | { readonly kind: 'label' | 'row-id' | 'hour' }
  | { readonly kind: 'category' | 'number'; readonly index: number };

/** Columns of all of `specs`, in their order. */
export function columnsOfKind(kind: 'category' | 'number', specs: readonly unknown[]): Column[] {
  return specs.map((_, index) => ({ kind, index }));
}
