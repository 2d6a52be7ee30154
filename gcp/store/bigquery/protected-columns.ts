import { Token } from 'cdktf';
import { Construct } from 'constructs';
import { requireText, SettingError } from '../../../shared/synth/settings';
import { allowFineGrained, type Masking, POLICY_TAG } from '../../foundation/policy-tag';
import type { Binding, Workload } from '../../ports/identity';
import type { PolicyTag, TableStore } from '../../ports/stores';
import type { Column, ValueColumn } from './event-table';

/** The types of columns that a masking rule takes. Others take every type. */
const TYPES: Readonly<Partial<Record<Masking, readonly string[]>>> = {
  SHA256: ['STRING'],
  EMAIL_MASK: ['STRING'],
  FIRST_FOUR_CHARACTERS: ['STRING'],
  LAST_FOUR_CHARACTERS: ['STRING'],
  DATE_YEAR_MASK: ['DATE', 'TIMESTAMP'],
};

/** The columns of values within a column, or the column itself. */
function valuesIn(column: Column): ValueColumn[] {
  return column.type === 'RECORD' ? column.columns.flatMap(valuesIn) : [column];
}

function tagsIn(column: Column): (PolicyTag | string)[] {
  return valuesIn(column).flatMap(({ policyTag }) => policyTag ?? []);
}

/** Whether a policy tag protects the column, or a column within it. */
export function isProtected(column: Column): boolean {
  return tagsIn(column).length > 0;
}

/** Whether a reader without rights on tags is refused a query of the column, because no masking rule shows something else. */
export function isHidden(column: Column): boolean {
  return tagsIn(column).some((tag) => typeof tag === 'string' || tag.masking === undefined);
}

/**
 * Refuse tags that cannot protect their columns.
 * @param region the region of the dataset, if the store creates it
 * @throws SettingError
 */
export function requireTags(scope: Construct, columns: readonly Column[], region?: string) {
  for (const column of columns.flatMap(valuesIn)) {
    const { name, policyTag: tag } = column;
    if (tag === undefined) continue;
    if (typeof tag === 'string') requireText(scope, { [`policyTag of ${name}`]: tag }, POLICY_TAG);
    else if (typeof tag?.bindReader !== 'function')
      throw new SettingError(scope, `policyTag of ${name} must be a tag or its id`, typeof tag, 'Write it like tags.tag(...).');
    const own = typeof tag === 'string' ? /\/locations\/([^/]+)\//.exec(tag)?.[1] : tag.region;
    if (region !== undefined && own !== undefined && own !== region && [own, region].every(isKnown))
      throw new SettingError(
        scope,
        `policyTag of ${name} must be in the region of the store, ${region}`,
        `"${own}"`,
        'Take a tag of that region.',
      );
    if (typeof tag !== 'string' && tag.masking) requireMaskable(scope, column, tag.masking);
  }
}

function requireMaskable(scope: Construct, { name, type, mode }: ValueColumn, masking: Masking) {
  const types = TYPES[masking];
  const remedy = 'Take a tag with ALWAYS_NULL, DEFAULT_MASKING_VALUE or no masking.';
  if (types && !types.includes(type))
    throw new SettingError(scope, `the type of column ${name} must be ${types.join(' or ')} for masking ${masking}`, type, remedy);
  if (types && mode === 'REPEATED')
    throw new SettingError(scope, `column ${name} must not be REPEATED for masking ${masking}`, mode, remedy);
}

function isKnown(text: string): boolean {
  return !Token.isUnresolved(text) && !text.includes('${');
}

/** Let a reader of a store see the masked values of its columns. */
export function allowMasked(reader: Workload, columns: readonly Column[]): Binding['waitFor'] {
  return columns.flatMap(tagsIn).flatMap((tag) => (typeof tag === 'string' ? [] : (tag.bindMaskedReader(reader) ?? [])));
}

/**
 * What the id of the grant on an existing tag ends with, also after a change of other columns: with another id, the grant would be created
 * again before the old one is deleted, and be gone then.
 */
function numbersOf(tag: string, index: number): string {
  return /taxonomies\/(\d+)\/policyTags\/(\d+)$/.exec(tag)?.slice(1).join('-') ?? String(index);
}

/** A store for readers who may see the values of protected columns. */
export class AllColumns extends Construct implements Pick<TableStore, 'bindReader'> {
  /** @param bind lets a reader query the view of all columns */
  constructor(
    scope: Construct,
    id: string,
    private readonly columns: readonly Column[],
    private readonly bind: TableStore['bindReader'],
  ) {
    super(scope, id);
  }

  /** Let `reader` query rows with all of their columns, and nothing else: it is made a reader of each policy tag. */
  bindReader(reader: Workload, name: string): Binding {
    const { settings, waitFor } = this.bind(reader, name);
    const tags = [...new Set(this.columns.flatMap(tagsIn))];
    const grants = tags.map((tag, index) =>
      typeof tag === 'string' ? allowFineGrained(reader, `${name}Tag${numbersOf(tag, index)}`, tag) : tag.bindReader(reader),
    );
    return { settings, waitFor: [...waitFor, ...grants] };
  }
}
