/** A row of a table: its columns, and the minute it is from. */
export type Row = Readonly<Record<string, unknown>>;

/**
 * Run a query of Log Analytics, as far as the alerts here use the language: `where`, `summarize sum` and `count`, `extend toscalar`.
 * @throws Error on whatever else it holds
 * @see https://learn.microsoft.com/kusto/query/
 */
export function runQuery(query: string, tables: Readonly<Record<string, readonly Row[]>>, now: number): readonly Row[] {
  const [table, ...steps] = pipes(query);
  return steps.reduce((rows, step) => apply(step, rows, tables, now), tables[table!] ?? []);
}

function apply(step: string, rows: readonly Row[], tables: Readonly<Record<string, readonly Row[]>>, now: number): readonly Row[] {
  const where = /^where (.+)$/.exec(step)?.[1];
  if (where) return rows.filter((row) => where.split(' and ').every((condition) => holds(condition, row, now)));
  if (step === 'summarize count()') return [{ count_: rows.length }];
  const [, sum = 'sum_', column] = /^summarize (?:(\w+) = )?sum\((\w+)\)$/.exec(step) ?? [];
  // Without rows there is one row all the same, and the sum of nothing is null.
  if (column) return [{ [sum]: rows.length > 0 ? rows.reduce((total, row) => total + Number(row[column]), 0) : null }];
  const count = /^summarize (\w+) = count\(\)$/.exec(step)?.[1];
  if (count) return [{ [count]: rows.length }];
  const [, name, inner] = /^extend (\w+) = toscalar\((.+)\)$/.exec(step) ?? [];
  if (!name) throw new Error(`nothing is known of the step ${step}`);
  const [first] = runQuery(inner!, tables, now);
  return rows.map((row) => ({ ...row, [name]: Object.values(first ?? { none: null })[0] }));
}

function holds(condition: string, row: Row, now: number): boolean {
  const [, left, operator, right] = /^(.+?) (==|=~|contains|>|<) (.+)$/.exec(condition) ?? [];
  const [a, b] = [worthOf(left ?? '', row, now), worthOf(right ?? '', row, now)];
  // A comparison with null holds for nothing.
  if (a === null || b === null || a === undefined) return false;
  switch (operator) {
    case '==':
      return a === b;
    case '=~':
      return String(a).toLowerCase() === String(b).toLowerCase();
    case 'contains':
      return String(a).toLowerCase().includes(String(b).toLowerCase());
    case '>':
      return Number(a) > Number(b);
    case '<':
      return Number(a) < Number(b);
    default:
      throw new Error(`nothing is known of the condition ${condition}`);
  }
}

function worthOf(text: string, row: Row, now: number): unknown {
  if (/^".*"$/.test(text)) return text.slice(1, -1);
  if (/^\d+$/.test(text)) return Number(text);
  const minutes = /^ago\((\d+)m\)$/.exec(text)?.[1];
  if (minutes) return now - Number(minutes);
  const date = /^datetime\((.+)\)$/.exec(text)?.[1];
  // The first minute of a test is the first one of 2026.
  if (date) return (Date.parse(date) - Date.parse('2026-01-01T00:00:00Z')) / 60_000;
  const [, column, otherwise] = /^coalesce\((\w+), (\d+)\)$/.exec(text) ?? [];
  if (column) return row[column] ?? Number(otherwise);
  return text === 'TimeGenerated' ? row.minute : row[text];
}

/** The parts between pipes, but for pipes in brackets. */
function pipes(query: string): string[] {
  let depth = 0;
  const marked = [...query].map((letter) => {
    if (letter === '(') depth += 1;
    if (letter === ')') depth -= 1;
    return letter === '|' && depth === 0 ? '\0' : letter;
  });
  return marked
    .join('')
    .split('\0')
    .map((part) => part.trim());
}
