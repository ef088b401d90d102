// The values of a JSON request as cells of raw rows. Nothing is converted in silence: a whole number that JSON.parse
// may have rounded is refused, a text is a text. What may stand in a column is said by the model when it reads it.
//
//   null, ""             missing
//   BYTES                a text
//   BOOL                 true or false
//   INT8 … UINT64        a whole number within range; from 2^53 on as a text of digits
//   FP32, FP64           a number; FP32 is rounded to fp32 first
import type { Cell } from '../schema/cell.js';

/** A value of a JSON object, as a cell; undefined for what is none. @param longest characters of a text */
export function plainCell(value: unknown, longest: number): Cell | undefined {
  if (typeof value === 'string') return value.length <= longest ? value : undefined;
  if (typeof value === 'number') return isExact(value) ? value : undefined;
  return value === null || typeof value === 'boolean' ? value : undefined;
}

/** What `plainCell` allows, in words. */
export function plainCells(longest: number): string {
  return `a text of up to ${longest} characters, a number (whole ones of 2^53 and more as a text), true, false or null`;
}

interface Datatype {
  read(value: unknown, longest: number): Cell | undefined;
  allowed(longest: number): string;
}

const text: Datatype = {
  read: (value, longest) => (typeof value === 'string' && value.length <= longest ? value : undefined),
  allowed: (longest) => `a text of up to ${longest} characters, or null`,
};

const bool: Datatype = {
  read: (value) => (typeof value === 'boolean' ? value : undefined),
  allowed: () => 'true, false or null',
};

function float(round: (x: number) => number): Datatype {
  return {
    read(value) {
      if (typeof value !== 'number') return undefined;
      const rounded = round(value);
      return Number.isFinite(rounded) ? rounded : undefined;
    },
    allowed: () => 'a finite number or null',
  };
}

function integer(bits: number, isSigned: boolean): Datatype {
  const least = isSigned ? -(2n ** BigInt(bits - 1)) : 0n;
  const most = 2n ** BigInt(isSigned ? bits - 1 : bits) - 1n;
  const [low, high] = [Number(least), Number(most)];
  return {
    read(value) {
      if (typeof value === 'number')
        return Number.isSafeInteger(value) && value >= low && value <= high ? value : undefined;
      if (typeof value !== 'string' || !/^-?\d{1,20}$/.test(value)) return undefined;
      const exact = BigInt(value);
      return exact >= least && exact <= most ? exact : undefined;
    },
    allowed: () => `a whole number from ${least} to ${most} (from 2^53 on as a text), or null`,
  };
}

/** The datatypes of the Open Inference Protocol that have a JSON form here. */
export const datatypes = {
  BYTES: text,
  BOOL: bool,
  INT8: integer(8, true),
  INT16: integer(16, true),
  INT32: integer(32, true),
  INT64: integer(64, true),
  UINT8: integer(8, false),
  UINT16: integer(16, false),
  UINT32: integer(32, false),
  UINT64: integer(64, false),
  FP32: float(Math.fround),
  FP64: float((x) => x),
} as const satisfies Record<string, Datatype>;
export type DatatypeName = keyof typeof datatypes;
export const datatypeNames = Object.keys(datatypes) as DatatypeName[];

/** An element of a tensor as a cell; undefined for what its datatype does not allow. */
export function tensorCell(datatype: DatatypeName, value: unknown, longest: number): Cell | undefined {
  if (value === null || value === '') return null;
  return datatypes[datatype].read(value, longest);
}

/** Whether a number is what was written, as far as can be told: a whole number of 2^53 or more may have lost digits. */
function isExact(x: number): boolean {
  return Number.isSafeInteger(x) || (Number.isFinite(x) && !Number.isInteger(x));
}

/** A refused value, in words. */
export function shownValue(value: unknown): string {
  if (typeof value === 'string')
    return value.length > 60 ? `a text of ${value.length} characters` : `'${value}'`;
  if (Array.isArray(value)) return 'a list';
  if (value === undefined) return 'nothing';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
