// A reader of the Prometheus text format 0.0.4, from its description, as strict as it: what it does not allow, throws.
// https://prometheus.io/docs/instrumenting/exposition_formats/

export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

export interface MetricFamily {
  name: string;
  kind: string;
  help: string;
  samples: Sample[];
}

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

export function parseExposition(text: string): { families: MetricFamily[] } {
  if (!text.endsWith('\n')) throw new Error('The last line has no line feed.');
  const families: MetricFamily[] = [];
  const seen = new Set<string>();
  let help: [name: string, text: string] | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '') continue;
    const [, word, name, rest = ''] = /^# (HELP|TYPE) (\S+) ?(.*)$/s.exec(line) ?? [];
    if (word === 'HELP') {
      help = [name, unescaped(rest)];
    } else if (word === 'TYPE') {
      if (!metricName.test(name)) throw new Error(`'${name}' is no name.`);
      if (!['counter', 'gauge', 'histogram', 'summary', 'untyped'].includes(rest)) throw new Error(line);
      if (families.some((family) => family.name === name)) throw new Error(`'${name}' comes twice.`);
      families.push({ name, kind: rest, help: help?.[0] === name ? help[1] : '', samples: [] });
    } else {
      const sample = parseSample(line);
      const family = families.at(-1);
      const suffixes = family?.kind === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
      if (!suffixes.some((suffix) => sample.name === `${family?.name}${suffix}`)) {
        throw new Error(`'${line}' does not stand with its type.`);
      }
      const key = `${sample.name}${JSON.stringify(Object.entries(sample.labels).sort())}`;
      if (seen.has(key)) throw new Error(`'${line}' comes twice.`);
      seen.add(key);
      family?.samples.push(sample);
    }
  }
  return { families };
}

function parseSample(line: string): Sample {
  const end = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line)?.[0].length ?? 0;
  const name = line.slice(0, end);
  if (name === '') throw new Error(`'${line}' has no name.`);
  const labels: Record<string, string> = {};
  let at = end;
  if (line[at] === '{') {
    at++;
    while (line[at] !== '}') {
      const equals = line.indexOf('="', at);
      const label = line.slice(at, equals);
      if (!labelName.test(label) || Object.hasOwn(labels, label))
        throw new Error(`'${line}': label '${label}'.`);
      let close = equals + 2;
      while (line[close] !== '"') {
        if (close >= line.length) throw new Error(`'${line}' does not end.`);
        close += line[close] === '\\' ? 2 : 1;
      }
      Object.defineProperty(labels, label, {
        value: unescaped(line.slice(equals + 2, close)),
        enumerable: true,
      });
      at = close + 1;
      if (line[at] === ',') at++;
    }
    at++;
  }
  const [, value] = /^ (\S+)$/.exec(line.slice(at)) ?? [];
  if (value === undefined) throw new Error(`'${line}' has no value.`);
  const infinities: Record<string, number> = {
    '+Inf': Number.POSITIVE_INFINITY,
    '-Inf': Number.NEGATIVE_INFINITY,
    NaN: Number.NaN,
  };
  const number = infinities[value] ?? Number(value);
  if (Number.isNaN(number) && value !== 'NaN') throw new Error(`'${value}' is no number.`);
  return { name, labels, value: number };
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/gs, (_, character: string) => (character === 'n' ? '\n' : character));
}
