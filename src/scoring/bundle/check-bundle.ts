// Whether what bundle.json says fits together: everything that sizes and addresses follow from is checked here, before
// anything is allocated.
import { isAbsolute } from 'node:path';
import { type RowFormat, rowBytes, sharedArrays } from '../../embedding/packed/packed-format.js';
import { createModel, EMBEDDING, FIRST_ORDER, tableOffsets, vocabularyOffsets } from '../blueprint.js';
import { type Bundle, type BundleTable, damaged, GRAPH_FILE } from './bundle-file.js';

/** @throws UserError that says what does not fit; `path` is that of bundle.json */
export function checkBundle(bundle: Bundle, path: string): void {
  const refuse = (what: string) => damaged(path, what);
  const { config, dataset, manifest, fingerprint, tables, files } = bundle;
  for (const name of Object.keys(files)) {
    const isInside =
      !isAbsolute(name) && !/[\\\0:]/.test(name) && !name.split('/').some((part) => /^\.{0,2}$/.test(part));
    if (!isInside) throw refuse(`the file name '${name}' leads out of the bundle`);
  }
  const need = (name: string) => {
    if (!Object.hasOwn(files, name)) throw refuse(`it has no checksum of '${name}'`);
    return files[name];
  };
  need(GRAPH_FILE);
  for (const { index } of manifest.vocabularies) need(index.file);
  if (dataset.fingerprint !== fingerprint || manifest.fingerprint !== fingerprint) {
    throw refuse('its fingerprints differ');
  }
  const { fields, vocabularySizes, fieldVocabularies, poolings } = dataset;
  const names = manifest.vocabularies.map(({ name }) => name);
  const isSame =
    vocabularySizes.length === names.length &&
    manifest.vocabularies.every(({ size }, i) => size === vocabularySizes[i] && size >= 1) &&
    fields.length === manifest.fields.length &&
    fieldVocabularies.length === fields.length &&
    (poolings === undefined || poolings.length === fields.length) &&
    (dataset.numbers?.length ?? 0) === (manifest.numbers?.length ?? 0) &&
    manifest.fields.every(
      ({ name, vocabulary }, i) => fields[i] === name && names[fieldVocabularies[i]] === vocabulary,
    );
  if (!isSame || fields.length === 0) throw refuse('its fields and vocabularies do not fit each other');
  const { firstOrder } = createModel(config, dataset, 'scoring');
  const last = (offsets: readonly number[]) => offsets[offsets.length - 1];
  const expected = [{ name: EMBEDDING, dim: config.model.dim, rows: last(tableOffsets(config, dataset)) }];
  if (firstOrder !== null)
    expected.push({ name: FIRST_ORDER, dim: 1, rows: last(vocabularyOffsets(dataset)) });
  const text = (table: { name: string; rows: number; dim: number }) =>
    `${table.name} (${table.rows}, ${table.dim})`;
  if (tables.map(text).join() !== expected.map(text).join()) {
    throw refuse(
      `its tables are ${tables.map(text).join(', ')}, the model's ${expected.map(text).join(', ')}`,
    );
  }
  const used = new Set<string>();
  for (const table of tables) {
    checkTable(table, path);
    for (const { file, group, rows } of table.parts) {
      if (used.has(file)) throw refuse(`two parts of tables are in '${file}'`);
      used.add(file);
      const bytes = partBytes(table.groups[group].format, table.dim, rows);
      if (bytes > need(file).bytes) throw refuse(`'${file}' has fewer bytes than its ${rows} rows`);
    }
  }
}

/** Bytes of the arrays of a part: every file has what its rows share. */
function partBytes(format: RowFormat, dim: number, rows: number): number {
  const shared = sharedArrays(format, dim).reduce((sum, { bytes }) => sum + bytes, 0);
  return rows * rowBytes(format, dim) + shared;
}

/** All rows are in one run, and all rows of a group in one part. */
function checkTable({ name, rows, groups, runs, parts }: BundleTable, path: string): void {
  const refuse = (what: string) => damaged(path, `its table '${name}' ${what}`);
  const inRuns = groups.map(() => 0);
  let end = 0;
  for (const run of runs) {
    if (run.group >= groups.length) throw refuse(`has no group ${run.group}`);
    if (run.firstRow !== end) throw refuse(`says of row ${end} not, or twice, how it is stored`);
    end += run.rows;
    inRuns[run.group] += run.rows;
  }
  if (end !== rows) throw refuse(`has ${rows} rows and says of ${end} how they are stored`);
  const inParts = groups.map(() => 0);
  let group = 0;
  for (const part of parts) {
    if (part.group < group || part.group >= groups.length) throw refuse('has its parts in another order');
    group = part.group;
    if (part.first !== inParts[group])
      throw refuse(`has row ${inParts[group]} of a group in no file, or in two`);
    inParts[group] += part.rows;
  }
  for (const [i, each] of groups.entries()) {
    if (inRuns[i] !== each.rows || inParts[i] !== each.rows) {
      throw refuse(
        `has a group of ${each.rows} rows, of which ${inRuns[i]} are its own and ${inParts[i]} in files`,
      );
    }
    const { format } = each;
    if (format.kind === 'steps' && !(format.tableStep === null || format.tableStep > 0)) {
      throw refuse(`has a step of ${format.tableStep}`);
    }
  }
}
