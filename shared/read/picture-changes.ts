import { type Access, type Hop, renderFlow } from './picture';

/** A row of a table that went or came. */
type Changed<Row> = readonly [sign: '-' | '+', row: Row];

/** Which steps of an event's way went and came, as lines of a diff. */
export function flowChanges(from: readonly Hop[], to: readonly Hop[]): string[] {
  const changed = changedRows(from, to, (hop) => `${hop.from} ${hop.to}`);
  const lines = changed.length > 0 ? renderFlow(changed.map(([, hop]) => hop)).split('\n') : [];
  return changed.map(([sign], index) => `${sign} ${lines[index]}`);
}

/** Which permissions went and came, as lines of a diff. Each action has a line, so that one more among many is seen. */
export function accessChanges(from: readonly Access[], to: readonly Access[]): string[] {
  const changed = changedRows(from.flatMap(actionsOf), to.flatMap(actionsOf), ({ identity }) => identity);
  const cells = changed.map(([, { identity, may, on, only }]) => [identity, may, on, only]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((row) => row[column]!.length)));
  return cells.map((row, index) => `${changed[index]![0]} ${row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')}`.trimEnd());
}

/** Rows that only one of two tables has. What went stands beside what came of the same kind. */
function changedRows<Row>(from: readonly Row[], to: readonly Row[], kind: (row: Row) => string): Changed<Row>[] {
  const only = (these: readonly Row[], those: readonly Row[]) => {
    const known = new Set(those.map((row) => JSON.stringify(row)));
    return these.filter((row) => !known.has(JSON.stringify(row)));
  };
  const changed = [...only(from, to).map((row): Changed<Row> => ['-', row]), ...only(to, from).map((row): Changed<Row> => ['+', row])];
  const kinds = [...new Set(changed.map(([, row]) => kind(row)))];
  return kinds.flatMap((one) => changed.filter(([, row]) => kind(row) === one));
}

/** `kinesis:GetRecords, ListShards` as a permission for each action, with the service said in each. */
function actionsOf(row: Access): Access[] {
  const [, denied = '', actions = ''] = /^(\(denied\) )?(.*)$/.exec(row.may) ?? [];
  const list = actions.split(', ');
  return list.map((action, index) => {
    const service = list
      .slice(0, index + 1)
      .findLast((one) => one.includes(':'))
      ?.split(':')[0];
    return { ...row, may: denied + (service === undefined || action.includes(':') ? action : `${service}:${action}`) };
  });
}
