import { FabricCapacity as Capacity } from '@cdktf/provider-azurerm/lib/fabric-capacity';
import { Construct } from 'constructs';
import { keepAddress, takeName } from '../../../shared/synth/kept-name';
import type { Removal } from '../../../shared/synth/settings';
import { mayDestroy, requireAbsent, requireOneOf, requireText, requireTexts, SettingError } from '../../../shared/synth/settings';
import { canonicalGuid, canonicalId } from '../../foundation/arm-id';
import { needResourceProviders } from '../../foundation/resource-providers';
import { NAME } from '../../foundation/rules';
import type { Workload } from '../../ports/identity';
import type { Site } from '../../ports/site';
import type { ObjectStore } from '../../ports/stores';
import { ADMINISTRATOR, CAPACITY, CAPACITY_ID, requireStores, SIZES } from './capacity-rules';

/** Settings for {@link FabricCapacity}. */
export interface FabricCapacityProps {
  /** The resource group and the region of the capacity. */
  readonly site: Site;
  /**
   * Who may assign workspaces to the capacity and change its settings: the user principal names of users, or the object ids of service
   * principals. Required for a new capacity, because Azure creates none without them. Fabric accepts no groups.
   * @default - nobody, with `capacityId`
   */
  readonly administrators?: readonly string[];
  /**
   * The middle of the name of the capacity: 1 to 20 lower-case letters and digits, a letter first. Another name is another capacity:
   * workspaces must be assigned to it by hand. Each capacity of a site needs its own name.
   * @default fabric
   */
  readonly name?: string;
  /**
   * The size: `F2` has 2 capacity units, `F2048` has 2048. Below `F64`, everybody who looks at a report needs a Power BI Pro licence.
   * @default F2
   */
  readonly sku?: (typeof SIZES)[number];
  /**
   * The id of an existing capacity. Its size and its administrators stay unchanged.
   * @default - a new capacity
   */
  readonly capacityId?: string;
  /**
   * Who reads `stores` with Microsoft Entra ID: the group of those who build reports, or the identity of a workspace, as a `Principal`.
   * @default - nobody
   */
  readonly readers?: Workload;
  /**
   * The stores that the readers may read, by name: `{ SERVED: lake.zone('served') }`. Each opens as a shortcut in a lakehouse.
   * @default - none
   */
  readonly stores?: Readonly<Record<string, ObjectStore>>;
  /**
   * What happens to the capacity when the stack is deleted. With `retain`, `terraform destroy` fails. `destroy` also requires the
   * context `destroyData`: without a capacity, its workspaces cannot be opened.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Visualize stage: a Microsoft Fabric capacity, which runs the workspaces of Power BI. It costs money all day, also if nobody looks:
 * about 263 dollars a month for an F2, the smallest one, until it is paused. `pauseCommand` pauses it: nights and weekends are two
 * thirds of the price. There is no schedule here, because Azure has no built-in role that pauses a capacity and does nothing else. Run
 * the commands in a schedule of your CI, as the identity that deploys.
 *
 * It also gives the right to read the stores that reports are made from. Nothing is copied: a lakehouse opens a shortcut to each store,
 * with Microsoft Entra ID and without a key. Workspaces, lakehouses, shortcuts and reports are created by hand: see `docs/power-bi.md`.
 *
 * Do not use it for a few viewers: Power BI Pro costs by person, needs no capacity, and reads the same stores. Do not use it for
 * numbers of the last seconds: the output of Stream Analytics to Power BI ends on 2027-10-31, and its streaming models can no longer
 * be created. An Eventstream of Fabric reads a hub: see the page.
 *
 * A deploy changes the size and the administrators in place, but not while the capacity is paused: Azure refuses it. Another name or
 * region replaces it: with `retain`, the plan fails instead. A capacity has no metrics that an alert can watch: its administrators see
 * its load in the app Fabric Capacity Metrics.
 * @see https://learn.microsoft.com/fabric/enterprise/licenses
 */
export class FabricCapacity extends Construct {
  /** The capacity, if this construct created it. */
  readonly capacity?: Capacity;
  readonly capacityId: string;
  /** A command that pauses the capacity: it costs nothing then, and its workspaces cannot be opened. What it used in advance is billed. */
  readonly pauseCommand: string;
  /** A command that resumes the capacity. */
  readonly resumeCommand: string;
  /** A command that shows whether the capacity is active or paused. */
  readonly stateCommand: string;

  constructor(scope: Construct, id: string, props: FabricCapacityProps) {
    super(scope, id);
    const { site, administrators, name = 'fabric', sku = 'F2', capacityId, readers, stores = {} } = props;
    requireTexts(this, { administrators }, ADMINISTRATOR);
    requireText(this, { name }, NAME);
    requireOneOf(this, { sku }, SIZES, 'Azure has no other sizes.');
    if (capacityId !== undefined) {
      requireText(this, { capacityId }, CAPACITY_ID);
      requireAbsent(this, 'capacityId', { administrators, name: props.name, sku: props.sku });
    } else if (administrators === undefined || administrators.length === 0) {
      throw new SettingError(this, 'administrators must name somebody', 'nobody', 'Without them, Azure creates no capacity.');
    }
    requireStores(this, stores, readers);
    const lifecycle = mayDestroy(this, props.removal) ? undefined : { preventDestroy: true };
    if (capacityId === undefined) takeName(this, 'Fabric capacity of a site', name, [site.prefix, site.suffix]);
    needResourceProviders(this, 'Microsoft.Fabric');

    if (capacityId === undefined) {
      this.capacity = new Capacity(this, 'Resource', {
        name: `${site.prefix}${name}${site.suffix}`,
        resourceGroupName: site.resourceGroupName,
        location: site.location,
        sku: { name: sku, tier: 'Fabric' },
        administrationMembers: administrators!.map((one) => (one.includes('@') ? one : canonicalGuid(one))),
        lifecycle,
      });
      keepAddress(this.capacity, name);
    }
    this.capacityId = this.capacity?.id ?? canonicalId(capacityId!, CAPACITY);
    for (const [store, one] of Object.entries(stores)) one.bindReader(readers!, store);

    const action = (verb: string) =>
      `az rest --method post --url "https://management.azure.com${this.capacityId}/${verb}?api-version=2023-11-01"`;
    this.pauseCommand = action('suspend');
    this.resumeCommand = action('resume');
    this.stateCommand = `az resource show --ids "${this.capacityId}" --query properties.state --output tsv`;
  }
}
