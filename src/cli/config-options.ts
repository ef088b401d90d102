// The options that make a configuration, shared by the commands that train, and the way from them to one: preset,
// file, flags, --set, later ones winning.
import type { Command } from 'commander';
import * as z from 'zod';
import {
  hasRowSteps,
  hasTiers,
  type MethodName,
  methodNames,
  methods,
  onlyRounding,
} from '../embedding/methods.js';
import { UserError, unknownName } from '../errors.js';
import { modelNames, models } from '../models/registry.js';
import { codeBits } from '../quantization/grid.js';
import type { Config } from '../runs/config.js';
import { readConfigFile } from '../runs/config-file.js';
import {
  findPreset,
  type Preset,
  presetLayer,
  presetNames,
  presets,
  resolveWithPreset,
} from '../runs/presets.js';
import { type LeftOut, withoutRenamed } from '../runs/renamed-sections.js';
import { type ConfigLayer, type PartialConfig, parseSetting } from '../runs/resolve-config.js';
import { wholeNumber } from './option-values.js';

/** What does not choose a method or seed. */
export const commonOptionsSchema = z.object({
  preset: z.string().optional(),
  config: z.string().optional(),
  model: z.string().optional(),
  dim: z.number().optional(),
  epochs: z.number().optional(),
  batchSize: z.number().optional(),
  microBatch: z.number().optional(),
  set: z.array(z.string()).optional(),
});
export type CommonOptions = z.infer<typeof commonOptionsSchema>;

export const configOptionsSchema = commonOptionsSchema.extend({
  method: z.string().optional(),
  bits: z.number().optional(),
  rounding: z.string().optional(),
  seed: z.number().optional(),
});
export type ConfigOptions = z.infer<typeof configOptionsSchema>;

const roundings = ['stochastic', 'deterministic'];

export function declareConfigOptions(command: Command): void {
  command
    .option('--method <name>', `${methodNames.join(', ')} (default: alpt)`)
    .option(
      '--bits <n>',
      `width of a stored weight: ${codeBits.join(', ')} (default: 8)`,
      wholeNumber('--bits', 1),
    )
    .option('--rounding <kind>', `${roundings.join(', ')} (default: stochastic)`)
    .option('--seed <n>', 'of everything random (default: 1)', wholeNumber('--seed', 0));
  declareCommonOptions(command);
  command.addHelpText('after', '\n--help --json prints the JSON Schema of the configuration.');
}

/** The options of a configuration but for method and seed. */
export function declareCommonOptions(command: Command): void {
  command
    .option('--preset <name>', `settings by one name: ${presetNames.join(', ')}`)
    .option('--config <file>', 'YAML; its keys are the paths of --set')
    .option('--model <name>', `${modelNames.join(', ')} (default: dcn)`)
    .option('--dim <n>', 'width of an embedding (default: 16)', wholeNumber('--dim', 1))
    .option('--epochs <n>', 'at most; training ends early (default: 15)', wholeNumber('--epochs', 1))
    .option('--batch-size <n>', 'rows of a batch (default: 4096)', wholeNumber('--batch-size', 1))
    .option(
      '--micro-batch <n>',
      'most rows computed at once (default: 2000)',
      wholeNumber('--micro-batch', 1),
    )
    .option('--set <path=value...>', 'any option of the configuration, such as lpt.clip=0.1')
    .addHelpText('after', () => {
      const lines = (known: Record<string, { summary: string }>) => {
        const width = 1 + Math.max(9, ...Object.keys(known).map((name) => name.length));
        return Object.entries(known).map(([name, { summary }]) => `  ${name.padEnd(width)}${summary}`);
      };
      return [
        '\nMethods:',
        ...lines(methods),
        '\nModels:',
        ...lines(models),
        '\nPresets:',
        ...lines(presets),
      ].join('\n');
    });
}

/**
 * @param run configuration of the run that training goes on from: what the options leave open is as there
 * @param onLeftOut hears of options of a preset or file that the chosen model, or optimizer, has not
 * @throws UserError for a mistake in any of them, saying where it stands
 */
export async function configFromOptions(
  options: ConfigOptions,
  run: Config | undefined,
  onLeftOut: (sentence: string) => void,
): Promise<Config> {
  requireKnown('method', options.method, methodNames);
  requireKnown('rounding', options.rounding, roundings);
  if (options.bits !== undefined && !codeBits.some((bits) => bits === options.bits)) {
    throw new UserError(
      `The option --bits is ${options.bits} (allowed: ${codeBits.join(', ')}).`,
      undefined,
      2,
    );
  }
  const { preset, layers, settings } = await commonConfig(options);
  const base = run ? [{ values: forgetRenamed(run, layers) }] : [];
  const config = resolveWithPreset(preset, layers, base);
  requireMeaning(config, options, settings);
  const said = preset ? [presetLayer(preset, config.method.bits), ...layers] : layers;
  for (const left of withoutRenamed(said).leftOut) onLeftOut(leftOutSentence(left));
  return config;
}

/** `The preset 'criteo' is for the model 'dcn': its crossLayers means nothing to 'dnn' and is left out.` */
function leftOutSentence({ source, section, name, chosen, options }: LeftOut): string {
  const [verb, is] = options.length === 1 ? ['means', 'is'] : ['mean', 'are'];
  return `${source ?? '--set'} is for the ${section} '${name}': its ${options.join(', ')} ${verb} nothing to '${chosen}' and ${is} left out.`;
}

/**
 * What the options say, before defaults: file, flags, --set.
 *
 * @throws UserError for a file that cannot be read, an unknown name, or a setting that is none
 */
export async function commonConfig(options: ConfigOptions): Promise<{
  preset: Preset | undefined;
  layers: ConfigLayer[];
  /** Those of --set alone. */
  settings: PartialConfig[];
}> {
  const preset = options.preset === undefined ? undefined : findPreset(options.preset);
  requireKnown('model', options.model, modelNames);
  const settings = (options.set ?? []).map(parseSetting);
  const layers: ConfigLayer[] = [];
  if (options.config !== undefined) {
    layers.push({ ...(await readConfigFile(options.config)), source: `The file '${options.config}'` });
  }
  layers.push({ values: flags(options) }, ...settings.map((values) => ({ values })));
  return { preset, layers, settings };
}

/** A run's configuration without the sections that are given another name: options of theirs mean nothing there. */
function forgetRenamed(run: Config, layers: readonly ConfigLayer[]): PartialConfig {
  const values: PartialConfig = { ...run };
  for (const section of ['model', 'optimizer'] as const) {
    const names = layers.map(({ values }) => Object(values[section]).name as unknown);
    if (names.some((name) => name !== undefined && name !== run[section].name)) delete values[section];
  }
  return values;
}

function flags(options: ConfigOptions): PartialConfig {
  const { method, bits, rounding, model, dim, epochs, batchSize, microBatch, seed } = options;
  return given({
    method: given({ name: method, bits, rounding }),
    model: given({ name: model, dim }),
    training: given({ epochs, batchSize, microBatch, seed }),
  });
}

/** Leaves out what was not said. */
function given(section: PartialConfig): PartialConfig {
  return Object.fromEntries(Object.entries(section).filter(([, value]) => value !== undefined));
}

function requireKnown(kind: string, name: string | undefined, known: readonly string[]): void {
  if (name !== undefined && !known.includes(name)) throw unknownName(kind, name, known);
}

/** A method that is defined with one rounding has no other. */
function requireRounding(name: MethodName, options: ConfigOptions, settings: readonly PartialConfig[]): void {
  const rounding = onlyRounding(name);
  const asked: unknown[] = settings.map(({ method }) => Object(method).rounding);
  const wrong = [options.rounding, ...asked].find((one) => one !== undefined && one !== rounding);
  if (rounding === null || wrong === undefined) return;
  const said = wrong === options.rounding ? `--rounding ${wrong}` : `--set method.rounding=${wrong}`;
  throw new UserError(
    `The method '${name}' is defined with ${rounding} rounding, so ${said} means nothing for it.`,
    `leave ${said} out`,
    2,
  );
}

/** Hot rows are of methods that store codes. */
function requireTiers({ method: { name, hotBits } }: Config, settings: readonly PartialConfig[]): void {
  const said = (option: string) => settings.some(({ method }) => Object.hasOwn(Object(method), option));
  if (hasTiers(name)) {
    if (hotBits !== null || !said('hotShare')) return;
    throw new UserError(
      'No rows are hot, so --set method.hotShare means nothing.',
      'say how many bits they are to have: --set method.hotBits=8',
      2,
    );
  }
  for (const option of ['hotBits', 'hotShare']) {
    if (!said(option)) continue;
    throw new UserError(
      `The method '${name}' stores all rows alike, so --set method.${option} means nothing for it.`,
      `leave it out, or choose a method with hot rows: ${methodNames.filter(hasTiers).join(', ')}`,
      2,
    );
  }
}

/** Only a method whose rows of codes have a step each can store it in another type. */
function requireStepType({ method: { name } }: Config, settings: readonly PartialConfig[]): void {
  const asked: unknown = settings
    .map(({ method }) => Object(method).stepType)
    .find((one) => one !== undefined);
  if (asked === undefined || hasRowSteps(name)) return;
  const said = `--set method.stepType=${String(asked)}`;
  throw new UserError(
    `Rows of the method '${name}' have no step of their own in few bits, so ${said} means nothing for it.`,
    `leave ${said} out, or choose a method with a step in each row: ${methodNames.filter(hasRowSteps).join(', ')}`,
    2,
  );
}

/** What is asked for by hand must mean something to the method; in a file it may stand. */
function requireMeaning(config: Config, options: ConfigOptions, settings: readonly PartialConfig[]): void {
  const { name } = config.method;
  const other = methodNames.find((method) => method !== name && settings.some((said) => method in said));
  if (other !== undefined) {
    const section = Object(settings.find((said) => other in said)?.[other]) as PartialConfig;
    const said = `--set ${[other, ...Object.keys(section).slice(0, 1)].join('.')}`;
    throw new UserError(
      `The method '${name}' does not read the options of '${other}', so ${said} means nothing for it.`,
      `leave ${said} out, or choose --method ${other}`,
      2,
    );
  }
  requireRounding(name, options, settings);
  requireTiers(config, settings);
  requireStepType(config, settings);
  if (methods[name].isQuantized) return;
  for (const option of ['bits', 'rounding'] as const) {
    const isSet = settings.some(({ method }) => Object.hasOwn(Object(method), option));
    if (options[option] === undefined && !isSet) continue;
    const said = options[option] === undefined ? `--set method.${option}` : `--${option}`;
    const quantized = methodNames.filter((method) => methods[method].isQuantized);
    const meaning = option === 'bits' ? 'has no width to choose' : 'rounds nothing';
    throw new UserError(
      `The method '${name}' ${meaning}, so ${said} means nothing for it.`,
      `leave ${said} out, or choose a method with a width: ${quantized.join(', ')}`,
      2,
    );
  }
}
