import { DataCatalogTaxonomy } from '@cdktf/provider-google/lib/data-catalog-taxonomy';
import { Construct } from 'constructs';
import { keepAddress, takeName } from '../../../shared/synth/kept-name';
import { mayDestroy, type Removal, SettingError } from '../../../shared/synth/settings';
import { needApis } from '../../foundation/apis';
import type { Site } from '../../ports/site';
import type { PolicyTag } from '../../ports/stores';
import { Tag } from './tag';
import { type TagSettings, tagSettings } from './tag-settings';
import { watchMasking, watchTags } from './watch';

/** Settings for {@link PolicyTags}. */
export interface PolicyTagsProps {
  /** The project, the region and the prefix of the tags. They protect columns of datasets in this region. */
  readonly site: Site;
  /** The tags by name, such as `{ personal: { readers: ['group:privacy@example.com'] } }`. A tag is for one kind of data and one audience. */
  readonly tags: Readonly<Record<string, TagSettings>>;
  /**
   * The end of the name of the taxonomy: 1 to 20 lower-case letters, digits and underscores, starting with a letter. Each taxonomy of
   * a site needs its own name.
   * @default columns
   */
  readonly name?: string;
  /**
   * The ids of the notification channels that every alert notifies.
   * @default - alerts open an incident without a notification
   */
  readonly notify?: readonly string[];
  /**
   * What happens to the tags when the stack is deleted. With `retain`, `terraform destroy` fails. `destroy` also requires the context
   * `destroyData`. BigQuery takes a deleted tag off its columns: everyone who reads the table then sees their values.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Store stage: a taxonomy of policy tags, which protect columns of a `BigQueryStore`. A column with a tag is for the readers of the tag
 * only, also against the owner of the project. Give a column its tag with `policyTag: tags.tag('personal')`.
 *
 * A query that reads a protected column, such as `SELECT *`, is refused for everyone else, or shows masked values. To add rows, no
 * right on a tag is needed. An `UPDATE`, a `DELETE` or a `MERGE` needs it for the columns that it reads.
 *
 * It costs nothing. BigQuery applies tags to queries on demand, and with the editions Enterprise and Enterprise Plus. Use it for
 * columns of a table with several audiences. For readers of one kind, a `SharedView` that leaves columns out is simpler; for rows, use
 * the condition of a `SharedView`. An alert opens an incident if somebody deletes a tag, switches the taxonomy off or changes
 * who may read, and with masking another one if somebody changes it or who sees it, a deploy of such a change included. No alert tells that
 * a column lost its tag: look at the plan, or at `npm start -- --against`. A change of project or region replaces the tags, which fails unless `removal: 'destroy'` and
 * `destroyData` are set. A change of masking or members is made in place. A tag that is taken out of `tags`, or gets another name, is
 * deleted with the next deploy, whatever `removal` is: first deploy its columns with another tag, or with none.
 * @see https://cloud.google.com/bigquery/docs/column-level-security-intro
 */
export class PolicyTags extends Construct {
  /** The taxonomy, for anything this construct does not cover. */
  readonly taxonomy: DataCatalogTaxonomy;

  private readonly tags: ReadonlyMap<string, Tag>;

  constructor(scope: Construct, id: string, props: PolicyTagsProps) {
    super(scope, id);
    const { site } = props;
    const { name, tags, notify } = tagSettings(this, props);
    const destroy = mayDestroy(this, props.removal);
    takeName(this, 'taxonomy of a site', name, [site.project, site.prefix]);
    needApis(this, 'datacatalog', 'monitoring');
    const { project, region, prefix } = site;
    const lifecycle = destroy ? undefined : { preventDestroy: true };
    this.taxonomy = new DataCatalogTaxonomy(this, 'Resource', {
      project,
      region,
      displayName: `${project}-${prefix}-${name}`,
      description: 'Who may read columns of tables in BigQuery.',
      // Without it, the tags protect nothing.
      activatedPolicyTypes: ['FINE_GRAINED_ACCESS_CONTROL'],
      dependsOn: [...site.waitFor],
      lifecycle,
    });
    keepAddress(this.taxonomy, name);
    const { taxonomy } = this;
    this.tags = new Map(
      Object.entries(tags).map(([tag, settings]) => [tag, new Tag(this, tag, { site, name, taxonomy, settings, lifecycle })]),
    );
    const watched = { title: `${prefix}-${name}`, project, notify };
    watchTags(this, watched, taxonomy);
    const policies = [...this.tags.values()].flatMap(({ policyId }) => policyId ?? []);
    if (policies.length > 0) watchMasking(this, watched, policies);
  }

  /**
   * A tag, for the `policyTag` of a column.
   * @throws SettingError if there is none of this name
   */
  tag(name: string): PolicyTag {
    const tag = this.tags.get(name);
    if (tag) return tag;
    throw new SettingError(
      this,
      'tag must be the name of one of the tags',
      `"${name}"`,
      `These are there: ${[...this.tags.keys()].join(', ')}.`,
    );
  }
}
