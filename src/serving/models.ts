// All models of a server, by name and version, and the watch over their files.

import { type LiveModel, ModelSlot, type SlotOptions } from './model-slot.js';
import type { ModelSource } from './model-source.js';
import { badRequest, RequestError } from './request-error.js';

export class Models {
  private readonly slots: readonly ModelSlot[];
  /** By name, the slots of its versions; the last one answers where a request names no version. */
  private readonly byName = new Map<string, ModelSlot[]>();
  private watch: NodeJS.Timeout | undefined;

  constructor(sources: readonly ModelSource[], options: SlotOptions) {
    this.slots = sources.map((source) => new ModelSlot(source, options));
    for (const slot of this.slots) {
      const slots = this.byName.get(slot.name);
      if (!slots) this.byName.set(slot.name, [slot]);
      // One without a version of its own is the default, wherever it stands.
      else if (slots[slots.length - 1].source.version === null) slots.splice(-1, 0, slot);
      else slots.push(slot);
    }
  }

  get names(): string[] {
    return [...this.byName.keys()];
  }

  /** What is measured only when it is asked for. */
  measure(): void {
    for (const slot of this.slots) slot.measure();
  }

  get areLoaded(): boolean {
    return this.slots.every(({ live }) => live !== undefined);
  }

  /** Opens all of them, one after the other. @throws UserError for the first that cannot be opened */
  async load(): Promise<void> {
    for (const slot of this.slots) await slot.load();
  }

  /** Looks for changed files now and again. @param everyMs 0: only when asked */
  startWatching(everyMs: number): void {
    if (everyMs === 0) return;
    this.watch = setInterval(() => {
      for (const slot of this.slots) void slot.refresh();
    }, everyMs).unref();
  }

  /** Opens all models anew, as SIGHUP asks for. */
  async reload(): Promise<void> {
    for (const slot of this.slots) await slot.refresh(true);
  }

  /** @throws RequestError 404, with what there is */
  find(name: string, version?: string): ModelSlot {
    const slots = this.byName.get(name);
    if (!slots)
      throw new RequestError(404, `There is no such model (known: ${this.names.join(', ')}).`, 'not_found');
    if (version === undefined) return slots[slots.length - 1];
    const found = slots.find((slot) => (slot.live?.version ?? slot.source.version) === version);
    if (found) return found;
    const known = this.versions(name).join(', ');
    throw new RequestError(404, `The model '${name}' has no such version (known: ${known}).`, 'not_found');
  }

  /** The model of a server that has one. @throws RequestError where there are several */
  only(): ModelSlot {
    if (this.byName.size === 1) return this.find(this.names[0]);
    throw badRequest(
      `There are several models (${this.names.join(', ')}); say which: POST /predict/${this.names[0]}.`,
    );
  }

  /** The versions of a model that can be asked for. */
  versions(name: string): string[] {
    return (this.byName.get(name) ?? []).flatMap(({ live, source }) => live?.version ?? source.version ?? []);
  }

  /** Lets what was accepted end, then closes all. */
  async close(): Promise<void> {
    clearInterval(this.watch);
    await Promise.all(this.slots.map((slot) => slot.close()));
  }
}

/** What answers in a slot. @throws RequestError 503 before its model is loaded */
export function requireLive(slot: ModelSlot): LiveModel {
  if (slot.live) return slot.live;
  throw new RequestError(503, `The model '${slot.name}' is being loaded; try again.`, 'loading');
}
