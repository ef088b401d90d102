// Avazu's click-through rate challenge: CSV with a header, one row per impression. `hour` (YYMMDDHH) becomes hour,
// weekday and is_weekend, `id` is dropped: 24 fields, as the author of the ALPT paper prepared it.
import type { Field } from '../../schema/schema.js';
import type { TimePart } from '../../schema/transformation.js';
import type { Dataset } from './dataset.js';
import { givenFiles } from './inputs.js';

const time = (part: TimePart): Field => ({
  name: part,
  value: { kind: 'time', column: 'hour', format: 'YYMMDDHH', zone: 'as-written', part },
});

const site = ['site_id', 'site_domain', 'site_category'];
const app = ['app_id', 'app_domain', 'app_category'];
const device = ['device_id', 'device_ip', 'device_model', 'device_type', 'device_conn_type'];
const anonymous = Array.from({ length: 8 }, (_, i) => `C${14 + i}`);
const plain = ['C1', 'banner_pos', ...site, ...app, ...device, ...anonymous];

export const avazu: Dataset = {
  summary: 'Avazu click-through rate challenge, CSV with a header (train)',
  schema: {
    label: 'click = 1',
    fields: [
      time('hour'),
      time('weekday'),
      time('is_weekend'),
      ...plain.map((name) => ({ name, value: { kind: 'column' as const, column: name } })),
    ],
  },
  format: {
    kind: 'text',
    separator: ',',
    header: true,
    columns: ['id', 'click', 'hour', ...plain],
    cells: 'plain',
    labels: ['0', '1'],
  },
  minCount: 2,
  splits: ['random', 'modulus'],
  inputs: (paths) => givenFiles('avazu', paths, "the challenge's train CSV (or .gz)"),
};
