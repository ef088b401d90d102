import { expect, test } from 'vitest';
import { columnsOf, parseSchema } from '../../schema/schema.js';
import { datasetNames, datasets } from './registry.js';

for (const name of datasetNames) {
  const dataset = datasets[name];

  test(`${name} states a valid schema that reads columns it has`, () => {
    expect(parseSchema(dataset.schema)).toEqual(dataset.schema);
    if (dataset.format.kind === 'text') {
      expect(dataset.format.columns).toEqual(expect.arrayContaining(columnsOf(dataset.schema)));
    }
    expect([...dataset.splits].includes('time')).toBe('timeSplit' in dataset);
  });
}

test('the fields of flights stand in their order', () => {
  expect(datasets.flights.schema.fields.map(({ name }) => name).join(' ')).toBe(
    'origin destination hour weekday is_weekend month day hhmm distance_bucket route origin_hour destination_hour ' +
      'origin_day destination_day route_hour route_weekday origin_day_hour destination_day_hour route_day route_hhmm ' +
      'origin_hhmm destination_hhmm route_hhmm_weekday hour_weekday',
  );
});
