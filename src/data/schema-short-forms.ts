// The short forms of a schema file → the one long form that schema/ knows. A transformation may be written as
//
//   origin                                              the column origin
//   { column: c }  { trim: T }  { lower: T }            T is a transformation in either form
//   { split: T, separator: '|' }
//   { bucket: c, small: integer }                       small: integer unless said otherwise
//   { time: c, part: hour, format: timestamp }          format: timestamp, and the zone that belongs to it
//   { cross: [name, T, …] }                             name is a field of the same file
//
// and a field either as `{ name, value: T }`, or with the keys of T beside its name, or as a column's name alone.
// Nothing is checked here: what is neither passes through as it is, for the strict schema to refuse.
import { unknownName } from '../errors.js';
import type { TransformationKind } from '../schema/transformation.js';

type Place = (path: readonly PropertyKey[]) => string;
type Keys = Record<string, unknown>;

/** Each short form's first key, and the other keys that belong to it. */
export const forms = {
  column: [],
  trim: [],
  lower: [],
  split: ['separator'],
  bucket: ['small'],
  time: ['part', 'format', 'zone'],
  cross: [],
} as const satisfies Record<TransformationKind, readonly string[]>;
type Form = keyof typeof forms;

/** The fields in long form. @throws UserError for a cross of a field that there is not, with its place */
export function expandFields(fields: unknown, locate: Place): unknown {
  if (!Array.isArray(fields)) return fields;
  const byName = new Map(fields.map((field: unknown) => [nameOf(field), field] as const));
  const known = [...byName.keys()].filter((name) => name !== undefined);
  const within = new Set<string>();

  const expandField = (field: unknown, path: readonly PropertyKey[]): unknown => {
    if (typeof field === 'string') return { name: field, value: { kind: 'column', column: field } };
    if (!isKeys(field)) return field;
    if ('value' in field) return { ...field, value: expand(field.value, [...path, 'value']) };
    const form = formOf(field);
    if (form === undefined) return field;
    const own: readonly string[] = [form, ...forms[form]];
    const value = Object.fromEntries(Object.entries(field).filter(([key]) => own.includes(key)));
    const rest = Object.fromEntries(Object.entries(field).filter(([key]) => !own.includes(key)));
    return { ...rest, value: expand(value, path) };
  };

  const expand = (value: unknown, path: readonly PropertyKey[]): unknown => {
    if (typeof value === 'string') return { kind: 'column', column: value };
    if (!isKeys(value)) return value;
    if ('kind' in value) return expandLong(value, path);
    const form = formOf(value);
    if (form === undefined) return value;
    const { [form]: of, ...options } = value;
    const at = [...path, form];
    switch (form) {
      case 'column':
        return { kind: form, column: of, ...options };
      case 'bucket':
        return { kind: form, column: of, small: 'integer', ...options };
      case 'time': {
        const zone = options.format === 'unix-seconds' ? 'UTC' : 'as-written';
        return { kind: form, column: of, format: 'timestamp', zone, ...options };
      }
      case 'cross':
        return { kind: form, of: expandParts(of, at), ...options };
      default:
        return { kind: form, of: expand(of, at), ...options };
    }
  };

  const expandLong = (value: Keys, path: readonly PropertyKey[]): unknown => {
    if (!('of' in value)) return value;
    const at = [...path, 'of'];
    return { ...value, of: value.kind === 'cross' ? expandParts(value.of, at) : expand(value.of, at) };
  };

  const expandParts = (parts: unknown, path: readonly PropertyKey[]): unknown => {
    if (!Array.isArray(parts)) return parts;
    return parts.map((part: unknown, i) => {
      if (typeof part !== 'string') return expand(part, [...path, i]);
      if (!byName.has(part) || within.has(part)) {
        const error = unknownName(
          'field',
          part,
          known.filter((name) => !within.has(name)),
        );
        throw Object.assign(error, { message: `${locate([...path, i])}: ${error.message}` });
      }
      // A field may be a cross of others, but not of itself.
      within.add(part);
      const field = expandField(byName.get(part), [...path, i]);
      within.delete(part);
      return isKeys(field) ? field.value : field;
    });
  };

  return fields.map((field: unknown, i) => {
    const name = nameOf(field);
    if (name !== undefined) within.add(name);
    const expanded = expandField(field, ['fields', i]);
    within.clear();
    return expanded;
  });
}

/** The short form that keys are in, if any. */
function formOf(keys: Keys): Form | undefined {
  return (Object.keys(forms) as Form[]).find((form) => form in keys);
}

function nameOf(field: unknown): string | undefined {
  if (typeof field === 'string') return field;
  return isKeys(field) && typeof field.name === 'string' ? field.name : undefined;
}

function isKeys(value: unknown): value is Keys {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
