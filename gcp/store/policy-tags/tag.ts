import { BigqueryDatapolicyDataPolicy } from '@cdktf/provider-google/lib/bigquery-datapolicy-data-policy';
import { BigqueryDatapolicyDataPolicyIamMember } from '@cdktf/provider-google/lib/bigquery-datapolicy-data-policy-iam-member';
import { DataCatalogPolicyTag } from '@cdktf/provider-google/lib/data-catalog-policy-tag';
import type { DataCatalogTaxonomy } from '@cdktf/provider-google/lib/data-catalog-taxonomy';
import type { ITerraformDependable, TerraformResourceLifecycle } from 'cdktf';
import { Construct } from 'constructs';
import { keepAddress } from '../../../shared/synth/kept-name';
import { literal } from '../../../shared/synth/literal';
import { needApis } from '../../foundation/apis';
import { allowFineGrained, type Masking, once } from '../../foundation/policy-tag';
import { Principals } from '../../foundation/principal';
import type { Workload } from '../../ports/identity';
import type { Site } from '../../ports/site';
import type { PolicyTag } from '../../ports/stores';
import type { TagSettings } from './tag-settings';

interface TagParts {
  readonly site: Site;
  /** The name of the taxonomy. */
  readonly name: string;
  readonly taxonomy: DataCatalogTaxonomy;
  readonly settings: TagSettings;
  readonly lifecycle?: TerraformResourceLifecycle;
}

/** One tag of a taxonomy, with its members. */
export class Tag extends Construct implements PolicyTag {
  readonly id: string;
  readonly region: string;
  readonly masking?: Masking;

  private readonly name: string;
  private readonly policy?: BigqueryDatapolicyDataPolicy;

  constructor(scope: Construct, id: string, { site, name, taxonomy, settings, lifecycle }: TagParts) {
    super(scope, id);
    const { description, readers = [], masking, maskedReaders = [] } = settings;
    const { project, region: location, prefix } = site;
    const resource = new DataCatalogPolicyTag(this, 'Tag', {
      taxonomy: taxonomy.id,
      displayName: id,
      description: description && literal(description),
      lifecycle,
    });
    keepAddress(resource, `${name}_${id}`);
    this.name = name;
    [this.id, this.region, this.masking] = [resource.id, location, masking];
    if (masking) {
      needApis(this, 'bigquerydatapolicy');
      this.policy = new BigqueryDatapolicyDataPolicy(this, 'Masked', {
        project,
        location,
        dataPolicyId: `${prefix}_${name}_${id}`,
        policyTag: this.id,
        dataPolicyType: 'DATA_MASKING_POLICY',
        dataMaskingPolicy: { predefinedExpression: masking },
      });
      keepAddress(this.policy, `${name}_${id}`);
    }
    if (readers.length > 0) this.bindReader(new Principals(this, 'Readers', 'readers', readers));
    if (maskedReaders.length > 0) this.bindMaskedReader(new Principals(this, 'MaskedReaders', 'readers', maskedReaders));
  }

  /** The id of the data policy that masks its columns, if there is one. */
  get policyId(): string | undefined {
    return this.policy?.dataPolicyId;
  }

  bindReader(reader: Workload): ITerraformDependable {
    return allowFineGrained(reader, `${this.name}-${this.node.id}`, this.id);
  }

  bindMaskedReader(reader: Workload): ITerraformDependable | undefined {
    const { policy } = this;
    if (!policy) return undefined;
    return once(reader, policy.id, () => {
      const { project, location, id: dataPolicyId } = policy;
      const { member, forEach } = reader;
      const role = 'roles/bigquerydatapolicy.maskedReader';
      const id = `${this.name}-${this.node.id}-masked`;
      return new BigqueryDatapolicyDataPolicyIamMember(reader, id, { project, location, dataPolicyId, role, member, forEach });
    });
  }
}
