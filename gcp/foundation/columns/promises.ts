import type { Needed } from '../../../shared/read/facts/types';
import { type Asked, names, type Stack } from '../../../shared/read/stack';

const TABLE = 'google_bigquery_table';
const POLICY_TAG = 'google_data_catalog_policy_tag';
const DATA_POLICY = 'google_bigquery_datapolicy_data_policy';

/** A column of a schema, in the JSON of the API. */
export interface SchemaColumn {
  readonly name: string;
  readonly type: string;
  readonly mode?: string;
  readonly fields?: readonly SchemaColumn[];
  readonly policyTags?: { readonly names?: readonly string[] };
}

/** The columns of a table. Nothing where they are known only at deploy. */
export function schemaOf(table: Asked): readonly SchemaColumn[] {
  try {
    return JSON.parse(String(table.body.schema));
  } catch {
    return [];
  }
}

/** The policy tags of a column and of the columns within it, as the schema names them. */
export function tagsOf({ policyTags, fields = [] }: SchemaColumn): readonly string[] {
  return [...(policyTags?.names ?? []), ...fields.flatMap(tagsOf)];
}

/**
 * The permissions that whoever queries a view needs for the columns that policy tags of the stack protect. A view with a column that no
 * masking covers is for readers of the tags: everyone else is refused. Other views are also for masked readers.
 * @see https://cloud.google.com/bigquery/docs/column-level-security-intro
 */
export function columnNeeds(who: string, view: Asked, stack: Stack): Needed[] {
  const shown = new Set(
    [
      ...String(view.get('view.query')[0])
        .split('\nFROM')[0]!
        .matchAll(/`(\w+)`/g),
    ].map(([, name]) => name),
  );
  const columns = view
    .refers('view.query')
    .filter(({ type }) => type === TABLE)
    .flatMap(schemaOf);
  const protecting = columns.filter(({ name }) => shown.has(name)).flatMap(tagsOf);
  const tags = stack.of(POLICY_TAG).filter(({ id }) => protecting.some((tag) => tag.startsWith(`\${${id}.`)));
  const masking = (tag: Asked) => stack.of(DATA_POLICY).find((policy) => names(policy, 'policy_tag', tag));
  if (tags.every(masking)) {
    const because = 'the query reads columns that it masks';
    return tags.map((tag) => ({ who, may: 'bigquery.dataPolicies.maskedGet', on: masking(tag)!.id, because }));
  }
  const because = 'the query reads columns that the tag protects';
  return tags.map(({ id: on }) => ({ who, may: 'datacatalog.categories.fineGrainedGet', on, because }));
}
