import { getExpressionAst } from '@cdktf/hcl2json';

/** What an expression refers to, step by step: `['google_pubsub_topic', 'Topic', 'id']`. `[]` stands for an index or a splat. */
export type Steps = readonly string[];

/** A node of the tree that HashiCorp's parser makes of an expression. */
interface Node {
  readonly type: string;
  readonly children: readonly Node[];
  readonly meta?: {
    readonly traversal?: readonly { readonly type: string; readonly segment: string }[];
    readonly keyVar?: string;
    readonly valVar?: string;
  };
}

const END = 'END_OF_THE_TEMPLATE';
const known = new Map<string, Promise<readonly Steps[]>>();

/**
 * Everything that the expressions in a text of the template refer to.
 *
 * As a heredoc a text is read like a text of the JSON syntax: nothing is escaped in it but `$${` and `%%{`.
 * @throws Error with the parser's reason, in one line
 */
export function referencesIn(text: string): Promise<readonly Steps[]> {
  if (!/[$%]\{/.test(text)) return Promise.resolve([]);
  const before = known.get(text);
  if (before) return before;
  const reading = (getExpressionAst('template.tf', `<<${END}\n${text}\n${END}\n`) as Promise<Node>).then(
    (tree) => collect(tree, []),
    (error: Error) => {
      throw new Error(/template\.tf:[^:]+: ([^;\n]+)/.exec(error.message)?.[1] ?? 'it is no expression');
    },
  );
  known.set(text, reading);
  return reading;
}

/** @param bound the names that a `for` around this node gives to its items */
function collect(node: Node, bound: readonly string[]): Steps[] {
  const steps = stepsOf(node);
  if (steps)
    return [...(bound.includes(steps[0]!) || steps.length === 0 ? [] : [steps]), ...keysOf(node).flatMap((key) => collect(key, bound))];
  const { keyVar, valVar } = node.meta ?? {};
  const within = node.type === 'for' ? [...bound, ...[keyVar, valVar].filter((name) => name !== undefined)] : bound;
  return node.children.flatMap((child) => collect(child, within));
}

/** The way that a node goes, when it goes one: `a.b[*].c` is one way through four nodes. */
function stepsOf(node: Node | undefined): Steps | undefined {
  if (!node) return undefined;
  const own = (node.meta?.traversal ?? []).map(({ type, segment }) => (type === 'indexTraversal' ? '[]' : segment));
  switch (node.type) {
    case 'scopeTraversal':
      return own;
    case 'relativeTraversal': {
      const from = stepsOf(node.children[0]);
      return from && [...from, ...own];
    }
    case 'splat': {
      const [source, each] = [stepsOf(node.children[0]), stepsOf(node.children[1])];
      return source && [...source, '[]', ...(each ?? [])];
    }
    case 'index': {
      const from = stepsOf(node.children[0]);
      return from && [...from, '[]'];
    }
    case '':
      return node.children.length === 0 ? [] : stepsOf(node.children[0]);
    default:
      return undefined;
  }
}

/** The expressions that stand between brackets somewhere on the way. */
function keysOf(node: Node): Node[] {
  return [...(node.type === 'index' ? node.children.slice(1) : []), ...node.children.slice(0, 1).flatMap(keysOf)];
}
