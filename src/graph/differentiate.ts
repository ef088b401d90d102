// Reverse-mode differentiation, as nodes of the same graph: the chain rule from the loss back to `of`, through
// the nodes that depend on one of `of` and no others. Asking for one gradient less therefore costs one less.
import type { Graph } from './graph.js';
import { type Application, describeNode, type Node, type OperatorName } from './node.js';
import type { Operator } from './operators/operator.js';
import { operators } from './operators/registry.js';
import { describeShape } from './shape.js';

/**
 * The gradient of `loss`, a scalar, by each node of `of`, in their order and shapes.
 *
 * @throws when the loss is not a scalar, or does not depend on one of `of`
 */
export function differentiate(graph: Graph, loss: Node, of: readonly Node[]): Node[] {
  if (loss.shape.length > 0) {
    throw new Error(`The loss has shape ${describeShape(loss.shape)} (allowed: (), a scalar; sum it).`);
  }
  const wanted = new Set(of);
  const depends = new Set<Node>();
  const nodes = graph.nodes.slice(0, loss.id + 1);
  for (const node of nodes) {
    if (
      wanted.has(node) ||
      (node.kind === 'application' && node.inputs.some((input) => depends.has(input)))
    ) {
      depends.add(node);
    }
  }

  const contributions = new Map<Node, Node[]>([[loss, [graph.constant(1)]]]);
  const gradients = new Map<Node, Node>();
  for (const node of nodes.reverse()) {
    const parts = contributions.get(node);
    if (parts === undefined || !depends.has(node)) continue;
    const dOutput = total(graph, parts);
    gradients.set(node, dOutput);
    if (node.kind !== 'application') continue;
    node.inputs.forEach((input, index) => {
      if (!depends.has(input)) return;
      const part = gradientOf(graph, node, dOutput, index);
      if (part === undefined) return;
      const known = contributions.get(input);
      if (known === undefined) contributions.set(input, [part]);
      else known.push(part);
    });
  }
  return of.map((node) => {
    const gradient = gradients.get(node);
    if (gradient !== undefined) return gradient;
    throw new Error(`The loss does not depend on ${describeNode(node)}, so it has no gradient.`);
  });
}

function gradientOf<K extends OperatorName>(
  graph: Graph,
  node: Application<K>,
  dOutput: Node,
  index: number,
): Node | undefined {
  const rule: Operator<K> = operators[node.operator];
  return rule.gradient(graph, node, dOutput, index);
}

/** The sum of all contributions, in the order they came. */
function total(graph: Graph, parts: readonly Node[]): Node {
  const slices = parts.filter(isPad);
  const tiled = tile(graph, slices);
  const terms = tiled === undefined ? parts : [...parts.filter((part) => !isPad(part)), tiled];
  return terms.reduce((sum, term) => graph.add(sum, term));
}

function isPad(node: Node): node is Application<'pad'> {
  return node.kind === 'application' && node.operator === 'pad';
}

/** The gradients of slices that cover their tensor exactly are one concatenation: no padding, no additions. */
function tile(graph: Graph, slices: readonly Application<'pad'>[]): Node | undefined {
  const ordered = [...slices].sort((a, b) => a.attributes.before - b.attributes.before);
  let covered = 0;
  let width: unknown = 0;
  for (const { attributes, inputs, shape } of ordered) {
    if (attributes.before !== covered) return undefined;
    covered += Number(inputs[0].shape.at(-1));
    width = shape.at(-1);
  }
  if (ordered.length === 0 || covered !== width) return undefined;
  return graph.concat(ordered.map(({ inputs }) => inputs[0]));
}
