// The options of a method or an optimizer that are one of several words, read from their schemas: those among which the
// bytes of a row are decided are found by trying them.
import { z } from 'zod';
import { type MethodName, methods } from '../embedding/methods.js';
import { configSchema } from '../runs/config.js';

/** An option with a list of values, by its place in the configuration. */
export interface WordOption {
  section: string;
  key: string;
  values: readonly string[];
}

/** The options of a schema that are one of several words. */
export function wordOptions(section: string, options: z.ZodType): WordOption[] {
  const object = unwrapped(options);
  if (!(object instanceof z.ZodObject)) return [];
  return Object.entries(object.shape as Record<string, z.ZodType>).flatMap(([key, schema]) => {
    const inner = unwrapped(schema);
    return inner instanceof z.ZodEnum ? [{ section, key, values: inner.options.map(String) }] : [];
  });
}

/** Those of a method: its own, and what all methods have beside their name. */
export function methodWordOptions(name: MethodName): WordOption[] {
  const common = wordOptions('method', configSchema.shape.method).filter(({ key }) => key !== 'name');
  return [...common, ...wordOptions(name, methods[name].options(z))];
}

/** The schema behind defaults and what fills them in, and before what completes the options. */
function unwrapped(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodPipe) {
    return unwrapped((schema.in instanceof z.ZodTransform ? schema.out : schema.in) as z.ZodType);
  }
  const isWrapped = schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault;
  return isWrapped ? unwrapped(schema.unwrap() as z.ZodType) : schema;
}
