/** What an expression can name and call. */
export interface Scope {
  readonly variables: Readonly<Record<string, unknown>>;
  readonly functions: Readonly<Record<string, (...values: any[]) => unknown>>;
}

const TOKEN = /\s*("(?:[^"\\]|\\.)*"|\d+(?:\.\d+)?|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*|==|!=|>=|<=|[-+*/<>()[\],])/y;
/** The binary operators that our sources use, the weakest first. */
const LEVELS = [['or'], ['and'], ['==', '!=', '<', '>', 'in'], ['+', '-'], ['*']];
/** https://cloud.google.com/workflows/quotas */
const LONGEST = 400;

/**
 * The value of a text: of an expression in `${}`, or the text itself. Only what our sources use is known, and all else is refused.
 * @see https://cloud.google.com/workflows/docs/reference/syntax/expressions
 */
export function evaluate(text: string, scope: Scope): unknown {
  if (!text.includes('${')) return text;
  if (!/^\$\{.*\}$/s.test(text)) throw new Error(`An expression must be the whole text: ${text}`);
  if (text.length > LONGEST) throw new Error(`An expression is too long: ${text}`);
  const tokens = tokensOf(text.slice(2, -1));
  const value = binary(0);
  if (tokens.length > 0) throw new Error(`Not read: ${tokens.join(' ')}`);
  return value;

  function binary(level: number): unknown {
    if (level === LEVELS.length) return single();
    let left = binary(level + 1);
    while (LEVELS[level]!.includes(tokens[0] ?? '')) left = combine(tokens.shift()!, left, binary(level + 1));
    return left;
  }

  function single(): unknown {
    const token = tokens.shift();
    if (token === undefined) throw new Error(`An expression ends too early: ${text}`);
    if (token === '(') return closed(binary(0), ')');
    if (token === '[') return listUntil(']');
    if (/^["\d]/.test(token)) return JSON.parse(token);
    if (token in CONSTANTS) return CONSTANTS[token];
    const named = scope.functions[token];
    if (tokens[0] === '(') {
      tokens.shift();
      const values = listUntil(')');
      if (!named) throw new Error(`No function ${token}`);
      return named(...values);
    }
    return named ?? pathOf(token);
  }

  function listUntil(end: string): unknown[] {
    const values: unknown[] = [];
    while (tokens[0] !== end) {
      values.push(binary(0));
      if (tokens[0] === ',') tokens.shift();
    }
    return closed(values, end);
  }

  function closed<Value>(value: Value, end: string): Value {
    if (tokens.shift() !== end) throw new Error(`${end} is missing: ${text}`);
    return value;
  }

  function pathOf(token: string): unknown {
    return token.split('.').reduce<any>((holder, key) => {
      if (holder === null || typeof holder !== 'object' || !(key in holder))
        throw new WorkflowError({ tags: ['KeyError'], message: token });
      return holder[key];
    }, scope.variables);
  }
}

/** What is raised in a workflow. */
export class WorkflowError extends Error {
  constructor(readonly value: any) {
    super(JSON.stringify(value));
  }
}

const CONSTANTS: Readonly<Record<string, unknown>> = { null: null, true: true, false: false };

function tokensOf(expression: string): string[] {
  const found: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < expression.length) {
    const from = TOKEN.lastIndex;
    const [, token] = TOKEN.exec(expression) ?? [];
    if (token === undefined) throw new Error(`Not an expression from character ${from} on: ${expression}`);
    found.push(token);
  }
  return found;
}

/** Workflows adds texts to texts and numbers to numbers, and compares numbers: all else is a TypeError. */
function combine(operator: string, left: any, right: any): unknown {
  const alike = typeof left === typeof right && ['string', 'number'].includes(typeof left);
  if (['+', '-', '*', '<', '>'].includes(operator) && !alike) {
    throw new WorkflowError({ tags: ['TypeError'], message: `${JSON.stringify(left)} ${operator} ${JSON.stringify(right)}` });
  }
  switch (operator) {
    case 'or':
      return [left, right].some(Boolean);
    case 'and':
      return [left, right].every(Boolean);
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case 'in':
      return right.includes(left);
    case '<':
      return left < right;
    case '>':
      return left > right;
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    default:
      throw new Error(`No operator ${operator}`);
  }
}
