// The label of a schema: one closed comparison of a column with a constant, such as `delay > 15` or `click = 1`.
// Compared with a number, the column must hold numbers; compared with 'text' in quotes, only = and != exist.
import { UserError } from '../errors.js';

const operators = ['>=', '<=', '!=', '=', '>', '<'] as const;
export type Operator = (typeof operators)[number];

export interface Comparison {
  column: string;
  operator: Operator;
  value: number | string;
}

const grammar = /^\s*([^\s<>=!'"]+)\s*(>=|<=|!=|=|>|<)\s*(?:(-?\d+(?:\.\d+)?)|'([^']*)')\s*$/;

/** Reads a comparison. @throws UserError when it is none. @example parseComparison('delay > 15') */
export function parseComparison(text: string): Comparison {
  const match = grammar.exec(text);
  const operator = operators.find((known) => known === match?.[2]);
  const isText = match?.[4] !== undefined;
  if (!match?.[1] || !operator || (isText && operator !== '=' && operator !== '!=')) {
    throw new UserError(
      `The label '${text}' is no comparison of a column with a number or a quoted text.`,
      "write it as 'delay > 15', 'click = 1' or \"kind != 'none'\" (texts know = and != only)",
      2,
    );
  }
  return { column: match[1], operator, value: isText ? String(match[4]) : Number(match[3]) };
}
