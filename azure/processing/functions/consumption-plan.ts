import { ServicePlan } from '@cdktf/provider-azurerm/lib/service-plan';
import type { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import type { Site } from '../../ports/site';

/**
 * Part of the Processing stage: the plan that runs one function app, and scales to zero without work.
 * @see https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan
 */
export class ConsumptionPlan extends ServicePlan {
  constructor(scope: Construct, id: string, { resourceGroupName, location }: Site, name: string) {
    super(scope, id, { name, resourceGroupName, location, osType: 'Linux', skuName: 'FC1' });
    acknowledge(this, {
      CKV_AZURE_212: 'Flex Consumption decides how many instances run. The plan has no setting for it.',
      CKV_AZURE_225:
        'A zone-redundant plan keeps two instances ready, which are billed by the hour, and not every region supports it. While a zone is down, ' +
        'events wait in the hub. If your events cannot wait, set zoneBalancingEnabled on the plan of the processor, and ZRS on the account of its host.',
    });
  }
}
