// Replacing a model under load: the old one answers until the new one is ready, and for as long as the new one cannot
// be opened.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeModel } from '../../test/serving-fakes.js';
import { UserError } from '../errors.js';
import { RowTexts } from '../scoring/row-texts.js';
import { ModelSlot, type SlotEvent } from './model-slot.js';
import { requireLive } from './models.js';
import type { OpenServedModel } from './served-model.js';
import { ServerMetrics } from './server-metrics.js';

let path: string;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'bitrow-slot-'));
});
afterEach(() => rmSync(path, { recursive: true }));

/** Puts other files at the path, as an exporter does: aside, then renamed. */
function replace(text: string): void {
  writeFileSync(join(path, 'aside'), text);
  renameSync(join(path, 'aside'), join(path, 'bundle.json'));
}

async function slotWith(open: OpenServedModel, version: string | null = null) {
  const events: SlotEvent[] = [];
  const metrics = new ServerMetrics();
  const slot = new ModelSlot(
    { name: 'ctr', version, path },
    {
      open,
      limits: { queueRows: 100, requestTimeoutMs: 1000 },
      engine: { workers: 1, maxBatch: 64, maxDelayMs: 0, vocabularies: true },
      metrics,
      onEvent: (event) => events.push(event),
    },
  );
  await slot.load();
  const ask = async () => {
    const live = requireLive(slot);
    return {
      version: live.version,
      ...(await slot.predict(live, RowTexts.of([{ user: 'abc' }], live.columns.inputs))),
    };
  };
  return { slot, events, metrics, ask, kinds: () => events.map(({ kind }) => kind) };
}

describe('a replaced model', () => {
  it('answers from one request to the next, and what the old one accepted is answered by it', async () => {
    const models = [new FakeModel('a', true), new FakeModel('b')];
    let opened = 0;
    let letOpen: (() => void) | undefined;
    replace('a');
    const { slot, ask, kinds, metrics } = await slotWith(async () => {
      const model = models[opened++];
      if (opened === 2) await new Promise<void>((resolve) => (letOpen = resolve));
      return model;
    });
    const accepted = ask();
    replace('bb');
    const reloading = slot.refresh(true);
    await new Promise((resolve) => setTimeout(resolve, 20));
    // While the new one is being opened the old one answers.
    expect(requireLive(slot).version).toBe('a');
    letOpen?.();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await ask()).version).toBe('b');
    models[0].release();
    expect((await accepted).version).toBe('a');
    await reloading;
    expect([models[0].isClosed, models[1].isClosed]).toEqual([true, false]);
    expect(kinds()).toEqual(['loaded', 'replaced']);
    expect(metrics.text()).toMatch(/bitrow_reloads_total\{model="ctr",outcome="replaced"\} 1/);
    // Of the old version nothing is left but what was counted.
    expect(metrics.text().match(/bitrow_model_info\{[^}]*\}/g)).toHaveLength(1);
    await slot.close();
    expect(models[1].isClosed).toBe(true);
  });

  it('is found by looking, twice the same, and opened once', async () => {
    let opened = 0;
    replace('a');
    const { slot, kinds } = await slotWith(async () => new FakeModel(`v${opened++}`));
    await slot.refresh();
    await slot.refresh();
    expect(opened).toBe(1);
    replace('bb');
    await slot.refresh();
    replace('ccc');
    await slot.refresh();
    // It was still changing.
    expect(opened).toBe(1);
    await slot.refresh();
    await slot.refresh();
    await slot.refresh();
    expect(opened).toBe(2);
    expect(kinds()).toEqual(['loaded', 'replaced']);
    await slot.close();
  });

  it('leaves the old one where it is when it cannot be opened, and is not tried again until it changes', async () => {
    let isBroken = false;
    let opened = 0;
    replace('a');
    const { slot, ask, kinds, metrics } = await slotWith(async () => {
      if (isBroken) throw new UserError("'bundle.json' is damaged.");
      return new FakeModel(`v${opened++}`);
    });
    isBroken = true;
    replace('bb');
    for (let look = 0; look < 5; look++) await slot.refresh();
    expect(kinds()).toEqual(['loaded', 'failed']);
    rmSync(join(path, 'bundle.json'));
    for (let look = 0; look < 5; look++) await slot.refresh();
    expect(kinds()).toEqual(['loaded', 'failed', 'failed']);
    expect((await ask()).version).toBe('v0');
    expect(metrics.text()).toMatch(/bitrow_reloads_total\{model="ctr",outcome="failed"\} 2/);
    isBroken = false;
    replace('ccc');
    for (let look = 0; look < 3; look++) await slot.refresh();
    expect((await ask()).version).toBe('v1');
    await slot.close();
  });

  it('with the same checksum replaces nothing', async () => {
    const models: FakeModel[] = [];
    replace('a');
    const { slot, kinds } = await slotWith(async () => {
      models.push(new FakeModel('same'));
      return models[models.length - 1];
    }, '7');
    await slot.refresh(true);
    expect(kinds()).toEqual(['loaded', 'unchanged']);
    expect(models.map(({ isClosed }) => isClosed)).toEqual([false, true]);
    expect(requireLive(slot).version).toBe('7');
    await slot.close();
  });

  it('is not waited for by a server that stops', async () => {
    let opened = 0;
    replace('a');
    const { slot, kinds } = await slotWith((_, { signal }) => {
      if (opened++ === 0) return Promise.resolve(new FakeModel('a'));
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    });
    const reloading = slot.refresh(true);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await slot.close();
    await reloading;
    expect(kinds()).toEqual(['loaded']);
  });
});
