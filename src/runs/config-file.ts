// A configuration file (YAML) as a layer of the configuration, which can name the line of a mistake.
import { parseYaml, readYaml, type YamlKind } from '../formats/located-yaml.js';
import type { ConfigLayer } from './resolve-config.js';

const what: YamlKind = {
  kind: 'configuration',
  help: 'its keys are the paths of --set, see `bitrow train --help --json`',
};

/** @throws UserError when the file cannot be read or is no YAML mapping, with the line */
export function readConfigFile(path: string): Promise<ConfigLayer> {
  return readYaml(path, what);
}

/** The same, from its text. */
export function parseConfigFile(path: string, text: string): ConfigLayer {
  return parseYaml(path, text, what);
}
