// Counters, gauges and histograms, and their text in the exposition format of Prometheus (version 0.0.4). A child, a
// family with its labels filled in, is looked up once and then only adds; text is made when it is asked for.
// https://prometheus.io/docs/instrumenting/exposition_formats/

type Labels = Readonly<Record<string, string>>;

/** A number with labels. */
export class Value {
  value = 0;

  add(by = 1): void {
    this.value += by;
  }

  set(value: number): void {
    this.value = value;
  }
}

/** Observations counted by upper bounds, with their sum. */
export class Histogram {
  private readonly counts: Float64Array; // (bounds + 1), the last one above all bounds
  private sum = 0;

  constructor(private readonly bounds: readonly number[]) {
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(x: number): void {
    const { bounds } = this;
    let at = 0;
    while (at < bounds.length && x > bounds[at]) at++;
    this.counts[at]++;
    this.sum += x;
  }

  lines(name: string, labels: string): string[] {
    let count = 0;
    const rest = labels === '' ? '' : `,${labels}`;
    const buckets = [...this.bounds, Number.POSITIVE_INFINITY].map((bound, i) => {
      count += this.counts[i];
      return `${name}_bucket{le="${numberText(bound)}"${rest}} ${count}`;
    });
    const braces = labels === '' ? '' : `{${labels}}`;
    return [...buckets, `${name}_sum${braces} ${numberText(this.sum)}`, `${name}_count${braces} ${count}`];
  }
}

type Kind = 'counter' | 'gauge' | 'histogram';

/** A metric with all its children. */
export class Family<Child extends Value | Histogram> {
  private readonly children = new Map<string, Child>();

  constructor(
    readonly name: string,
    readonly kind: Kind,
    readonly help: string,
    private readonly create: () => Child,
  ) {}

  /** The child with these labels, made when it is first asked for. */
  with(labels: Labels = {}): Child {
    const key = labelsText(labels);
    let child = this.children.get(key);
    if (child === undefined) {
      child = this.create();
      this.children.set(key, child);
    }
    return child;
  }

  /** Forgets the child with these labels. */
  remove(labels: Labels): void {
    this.children.delete(labelsText(labels));
  }

  /** Of all children that are numbers. */
  sum(): number {
    return [...this.children.values()].reduce(
      (sum, child) => sum + (child instanceof Value ? child.value : 0),
      0,
    );
  }

  lines(): string[] {
    const { name, kind, help, children } = this;
    const samples = [...children].flatMap(([labels, child]) => {
      if (child instanceof Histogram) return child.lines(name, labels);
      return [`${name}${labels === '' ? '' : `{${labels}}`} ${numberText(child.value)}`];
    });
    if (samples.length === 0) return [];
    return [`# HELP ${name} ${escaped(help)}`, `# TYPE ${name} ${kind}`, ...samples];
  }
}

/** All metrics of a process, in the order in which they were declared. */
export class Metrics {
  private readonly families: Family<Value | Histogram>[] = [];

  counter(name: string, help: string): Family<Value> {
    return this.declare(new Family(name, 'counter', help, () => new Value()));
  }

  gauge(name: string, help: string): Family<Value> {
    return this.declare(new Family(name, 'gauge', help, () => new Value()));
  }

  /** @param bounds upper bounds of the buckets, ascending; the one that takes all is added */
  histogram(name: string, help: string, bounds: readonly number[]): Family<Histogram> {
    return this.declare(new Family(name, 'histogram', help, () => new Histogram(bounds)));
  }

  /** What was declared, by name. */
  get declared(): readonly { name: string; kind: Kind; help: string }[] {
    return this.families;
  }

  /** The exposition. */
  text(): string {
    return `${this.families.flatMap((family) => family.lines()).join('\n')}\n`;
  }

  private declare<Child extends Value | Histogram>(family: Family<Child>): Family<Child> {
    this.families.push(family);
    return family;
  }
}

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

function labelsText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value).replaceAll('"', '\\"')}"`)
    .join(',');
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function numberText(x: number): string {
  if (Number.isNaN(x)) return 'NaN';
  if (Number.isFinite(x)) return String(x);
  return x > 0 ? '+Inf' : '-Inf';
}
