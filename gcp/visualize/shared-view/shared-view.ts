import { BigqueryDataset } from '@cdktf/provider-google/lib/bigquery-dataset';
import { BigqueryTable } from '@cdktf/provider-google/lib/bigquery-table';
import { BigqueryTableIamMember } from '@cdktf/provider-google/lib/bigquery-table-iam-member';
import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { keepAddress, takeName } from '../../../shared/synth/kept-name';
import { literal } from '../../../shared/synth/literal';
import { mayDestroy, type Removal } from '../../../shared/synth/settings';
import { needApis } from '../../foundation/apis';
import { KEY_OF_DATASET } from '../../foundation/dataset-key';
import { Principals } from '../../foundation/principal';
import type { Binding, Workload } from '../../ports/identity';
import type { Site } from '../../ports/site';
import type { SharedStore, TableStore } from '../../ports/stores';
import { viewSettings } from './view-settings';

const NO_ROWS = 'It has views only, which hold no rows. The table of the store sets the encryption of the rows.';

/** Settings for {@link SharedView}. */
export interface SharedViewProps {
  /** The project, the region and the prefix of the view. It must be in the region of the store. */
  readonly site: Site;
  /** The store whose rows it shows: a `BigQueryStore`, a `BigQueryRawStore` or a `BigQueryUpsertStore`. */
  readonly store: SharedStore;
  /**
   * The end of the name of the dataset of the view: 1 to 40 lower-case letters, digits and underscores, starting with a letter. Each
   * store and each view of a site needs its own name. A change is a replacement: dashboards must be connected again.
   * @default shared
   */
  readonly name?: string;
  /**
   * The names of the columns that readers see, such as `['event_time', 'data']`. Without the column of the day, no query of the view
   * can filter on it, and BigQuery refuses each. A column that a policy tag protects cannot be shown.
   * @default - all columns of the store without a policy tag
   */
  readonly columns?: readonly string[];
  /**
   * The condition in GoogleSQL for the rows that readers see, such as `event_type = 'com.example.reading'`.
   * @default - all rows of the store
   */
  readonly where?: string;
  /**
   * Who may query the view, and nothing below it: IAM members such as `group:sales@example.com`. Terraform must know them when it
   * plans. They may run queries in the project, which pays for them. If one of several views loses a reader whom another one has, apply
   * twice: the first apply takes the right to run queries from that reader.
   * @default - nobody
   */
  readonly readers?: readonly string[];
  /**
   * What happens to the view when the stack is deleted. With `retain`, `terraform destroy` fails. `destroy` also requires the context
   * `destroyData`.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Visualize stage: a view for dashboards, in a dataset of its own, that shows chosen columns and rows of a store. It is an authorized
 * view: its readers need no access to the store, and cannot read what the view leaves out.
 *
 * Data Studio reads it with its connection to BigQuery: create a data source with the name of the view. Terraform has no resource for a
 * report or a data source of Data Studio. A `LookerInstance` takes it in `views`. With the credentials of the viewer, each person who opens a report must be one
 * of the readers, best through a group.
 *
 * It costs nothing without queries. A query is billed by the bytes that it reads from the table of the store, and must filter on the day,
 * as a query of the store does: set a date range in the report. A change of the columns, the condition or the readers is made in
 * place. Do not use it for rows that must be there within seconds of a question, or for thousands of readers: use a store with
 * look-ups. For sums that many dashboards read, add them to a `BigQueryStore` with a `ScheduledQuery`, and show that one. The authorization is an access entry of the dataset of the store: with an existing dataset, no other tool may set all of
 * its access entries.
 * @see https://cloud.google.com/bigquery/docs/authorized-views
 */
export class SharedView extends Construct implements Pick<TableStore, 'bindReader'> {
  /** The dataset of the view. It has no tables. */
  readonly dataset: BigqueryDataset;
  /** The view, for anything this construct does not cover. */
  readonly view: BigqueryTable;
  /** The name of the view in a query. */
  readonly viewName: string;

  private readonly project: string;
  private readonly authorized: ITerraformDependable;

  constructor(scope: Construct, id: string, props: SharedViewProps) {
    super(scope, id);
    const { site, store } = props;
    const { name, columns, where, readers } = viewSettings(this, props);
    const destroy = mayDestroy(this, props.removal);
    const { project } = site;
    this.project = project;
    takeName(this, 'dataset of a site', name, [project, site.prefix]);
    needApis(this, 'bigquery');
    this.dataset = new BigqueryDataset(this, 'Dataset', {
      project,
      datasetId: `${site.prefix}_${name}`,
      location: site.region,
      maxTimeTravelHours: String(7 * 24),
      deleteContentsOnDestroy: destroy,
      dependsOn: [...site.waitFor],
      lifecycle: destroy ? undefined : { preventDestroy: true },
    });
    keepAddress(this.dataset, name);
    acknowledge(this.dataset, { CKV_GCP_81: NO_ROWS });
    const shown = columns.length === 0 ? '*' : columns.map((column) => `\`${column}\``).join(', ');
    this.view = new BigqueryTable(this, 'View', {
      project,
      datasetId: this.dataset.datasetId,
      tableId: 'events',
      description: 'What readers of dashboards may see of the events. Say which days to read.',
      view: { query: [`SELECT ${shown}`, `FROM (${store.uniqueRows})`, `WHERE ${literal(where)}`].join('\n'), useLegacySql: false },
      deletionProtection: !destroy,
      lifecycle: KEY_OF_DATASET,
    });
    keepAddress(this.view, `${name}_events`);
    acknowledge(this.view, { CKV_GCP_80: NO_ROWS });
    const { datasetId, tableId } = this.view;
    this.authorized = store.bindView(this, name, { projectId: project, datasetId, tableId });
    this.viewName = `${project}.${datasetId}.${tableId}`;
    if (readers.length > 0) this.allow(site, readers);
  }

  /**
   * Let `reader` query the view, and nothing below it. The reader also needs `roles/bigquery.jobUser` on the project that is billed for
   * its queries.
   */
  bindReader(reader: Workload, name: string): Binding {
    const { datasetId, tableId, id } = this.view;
    const { project } = this;
    const { member, forEach } = reader;
    const to = { project, datasetId, tableId: id, role: 'roles/bigquery.dataViewer', member, forEach };
    return {
      settings: { [`${name}_PROJECT`]: project, [`${name}_DATASET`]: datasetId, [`${name}_TABLE`]: tableId },
      waitFor: [this.authorized, new BigqueryTableIamMember(reader, `${name}Reader`, to)],
    };
  }

  private allow({ project, waitFor }: Site, readers: readonly string[]) {
    const { member, forEach } = new Principals(this, 'Readers', 'readers', readers);
    const { datasetId, id: tableId } = this.view;
    const to = { project, member, forEach };
    new BigqueryTableIamMember(this, 'Reader', { ...to, datasetId, tableId, role: 'roles/bigquery.dataViewer' });
    new ProjectIamMember(this, 'JobUser', { ...to, role: 'roles/bigquery.jobUser', dependsOn: [...waitFor] });
  }
}
