import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { bitrow } from '../../test/command-line.js';

const folder = mkdtempSync(join(tmpdir(), 'bitrow-cli-generate-'));
const out = join(folder, 'rows.csv');
afterAll(() => rmSync(folder, { recursive: true }));

describe('bitrow generate', () => {
  const argv = ['generate', '--like', 'avazu', '--rows', '3000', '--threads', '1', '--out', out];

  it('--json prints what was made, and nothing else', async () => {
    const { code, out: printed, err } = await bitrow([...argv, '--json']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(printed)).toEqual({
      out,
      like: 'avazu',
      rows: 3000,
      positives: expect.any(Number),
      best: { auc: expect.any(Number), logloss: expect.any(Number) },
      expectedFeatures: {
        atLeast1: expect.any(Number),
        atLeast2: expect.any(Number),
        atLeast10: expect.any(Number),
      },
      batch: { rows: 3000, uniqueValues: expect.any(Number), minCount: 2, uniqueRows: expect.any(Number) },
      sizeBytes: readFileSync(out).length,
      seconds: expect.any(Number),
      rowsPerSecond: expect.any(Number),
    });
    const [header, ...rows] = readFileSync(out, 'utf8').trimEnd().split('\n');
    expect(header).toMatch(/^id,click,hour,C1,banner_pos,site_id,.+,C21$/);
    expect(rows).toHaveLength(3000);
  });

  it('says in words how good a model can be, and what to do next', async () => {
    const { code, out: printed } = await bitrow([...argv, '--force']);
    expect(code).toBe(0);
    expect(printed).toMatch(/: 3,000 rows like avazu, .+ rows\/s\)\n/);
    expect(printed).toMatch(/\n {2}best AUC +0\.\d{6} /);
    expect(printed).toContain(`Next: bitrow prepare avazu --input ${out} --out `);
  });

  it('refuses what cannot be, and leaves what is there', async () => {
    writeFileSync(out, 'mine');
    expect((await bitrow(argv)).err).toBe(
      `The output file '${out}' exists.\nhelp: choose another name, or pass --force to replace it\n`,
    );
    expect(readFileSync(out, 'utf8')).toBe('mine');
    const bad = (...more: string[]) => bitrow([...argv, '--out', join(folder, 'no.csv'), ...more]);
    expect(await bad('--like', 'kriteo')).toMatchObject({
      code: 2,
      err: "The option --like is 'kriteo', but must be one of: criteo, avazu.\n",
    });
    expect(await bad('--features', '7')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^The number of features is 7, but must be from \d+ to \d+ for 3000 rows\./),
    });
    expect((await bad('--rows', '0')).code).toBe(2);
    expect(existsSync(join(folder, 'no.csv'))).toBe(false);
  });
});
