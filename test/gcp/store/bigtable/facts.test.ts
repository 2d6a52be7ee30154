import { BigtableStore } from '../../../../gcp/store/bigtable/bigtable-store';
import { facts } from '../../../../gcp/store/bigtable/facts';
import { TfStack } from '../../../../shared/read/tf';
import { site, synthesize } from '../../stand-ins';

const stackOf = (props = {}) => new TfStack(synthesize((stack) => new BigtableStore(stack, 'Store', { site, ...props })).json as any);
const { google_bigtable_instance: instance, google_bigtable_table: table } = facts.types;

test('an instance with two clusters keeps its promises, says so, and costs twice as much', () => {
  const [one, two] = [stackOf(), stackOf({ secondZone: 'europe-west4-a' })];
  const load = (stack: any): any => ({ stack, events: 20_000, size: 1000, writes: () => ({ count: 1, bytes: 1 }) });
  const units = (stack: TfStack) => (instance!.costs as any)(stack.of('google_bigtable_instance')[0], load(stack))[0].units;
  // Four nodes would be needed at a load of 60 %, and there may be three.
  expect([units(one), units(two)]).toEqual([3 * 730, 6 * 730]);
  const storage = (stack: TfStack) =>
    (table!.costs as any)(stack.of('google_bigtable_table')[0], load(stack)).map((cost: any) => cost.units);
  const [rows, backups] = storage(one);
  expect(storage(two)).toEqual([2 * rows, 2 * backups]);
  // However long backups are kept: they share storage.
  expect(backups).toBe(rows);
  expect(storage(stackOf({ backupRetentionDays: 90 }))).toEqual([rows, backups]);
  for (const stack of [one, two]) {
    for (const [type, asked] of [
      [instance, stack.of('google_bigtable_instance')[0]!],
      [table, stack.of('google_bigtable_table')[0]!],
    ] as const) {
      const broken = type!.promises!.filter(({ concerns, holds }) => concerns?.(asked, stack) !== false && !holds(asked, stack));
      expect(broken.map(({ must }) => must)).toEqual([]);
    }
  }
  expect(table!.tells!(two.of('google_bigtable_table')[0]!, two)).toContain('two clusters of 1 to 3 nodes');
});

test('a column family that is no longer listed is lost, and one that is added is not', () => {
  const decide = table!.decides!.column_family!;
  const families = (...names: string[]) => names.map((family) => ({ family })) as any;
  expect(decide(families('event'), families('event', 'other'))).toBe('in place');
  expect(decide(families('event', 'other'), families('other'))).toEqual({ loses: 'column_family: event deleted' });
});
