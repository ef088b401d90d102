// Looks like Avazu's click-through rate challenge. Facts: 40,428,967 rows over ten days, 17.0 % ones; the cardinalities
// of published explorations, whose sum with 240 hours is the published 9,449,445 features; one device_id on 82.5 % of
// the rows. The exponents are ours: with them the expected numbers of features at thresholds 1 and 2 come out as
// published (docs/generate.md).
import { type CategorySpec, columnsOfKind, type Shape } from './shape.js';

const small = 1.2;
const large = 0.9;

const categories: readonly CategorySpec[] = [
  { name: 'C1', cardinality: 7, exponent: small, first: 1000 },
  { name: 'banner_pos', cardinality: 7, exponent: small, first: -1 },
  { name: 'site_id', cardinality: 4737, exponent: small },
  { name: 'site_domain', cardinality: 7745, exponent: small },
  { name: 'site_category', cardinality: 26, exponent: small },
  { name: 'app_id', cardinality: 8552, exponent: small },
  { name: 'app_domain', cardinality: 559, exponent: small },
  { name: 'app_category', cardinality: 36, exponent: small },
  { name: 'device_id', cardinality: 2_686_408, exponent: large, topShare: 0.825 },
  { name: 'device_ip', cardinality: 6_729_486, exponent: large },
  { name: 'device_model', cardinality: 8251, exponent: small },
  { name: 'device_type', cardinality: 5, exponent: small, first: -1 },
  { name: 'device_conn_type', cardinality: 4, exponent: small, first: -1 },
  { name: 'C14', cardinality: 2626, exponent: small, first: 374 },
  { name: 'C15', cardinality: 8, exponent: small, first: 119 },
  { name: 'C16', cardinality: 9, exponent: small, first: 19 },
  { name: 'C17', cardinality: 435, exponent: small, first: 111 },
  { name: 'C18', cardinality: 4, exponent: small, first: -1 },
  { name: 'C19', cardinality: 68, exponent: small, first: 32 },
  { name: 'C20', cardinality: 172, exponent: small, first: 99_999 },
  { name: 'C21', cardinality: 60, exponent: small, first: 0 },
];

export const avazu: Shape = {
  summary: 'Avazu click-through rate challenge, CSV with a header',
  categories,
  numbers: [],
  rows: 40_428_967,
  positiveRate: 0.1698,
  logitDeviation: 1.35,
  minCount: 2,
  separator: ',',
  header: ['id', 'click', 'hour', ...categories.map(({ name }) => name)],
  otherFields: 3,
  columns: [
    { kind: 'row-id' },
    { kind: 'label' },
    { kind: 'hour' },
    ...columnsOfKind('category', categories),
  ],
};
