import { AzurermProvider } from '@cdktf/provider-azurerm/lib/provider';
import type { TerraformStack } from 'cdktf';
import { Construct } from 'constructs';
import type { FunctionWorkload, Workload } from '../../azure/ports/identity';
import type { Site } from '../../azure/ports/site';
import { synthesize as synthesizeStack } from '../support/cdktf';

/** A place whose names are known, so that they can be read in a snapshot. */
export const site: Site = {
  resourceGroupName: 'acme-data-platform',
  location: 'westeurope',
  prefix: 'acme',
  suffix: '1a2b3c4d',
  workspaceId: '/subscriptions/s/resourceGroups/acme-data-platform/providers/Microsoft.OperationalInsights/workspaces/acme-logs',
};

/** An action group that hears alerts. */
export const onCall = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Insights/actionGroups/on-call';

/** An identity that stands for any function. */
export class Target extends Construct implements FunctionWorkload {
  readonly name = `acme-${this.node.id.toLowerCase()}`;
  readonly insightsId = `/subscriptions/s/resourceGroups/g/providers/Microsoft.Insights/components/${this.name}`;
  readonly workspaceId: string = site.workspaceId;
  readonly principalId = 'principal-of-target';
  readonly principalType = 'ServicePrincipal';
  readonly clientId = 'client-of-target';
}

/** A person who reads or writes. */
export class Person extends Construct implements Workload {
  readonly name = `acme-${this.node.id.toLowerCase()}`;
  readonly principalId = 'principal-of-person';
  readonly principalType = 'User';
}

/** The resources of a synthesized stack as a reviewer reads them: without the notes that cdktf makes for itself. */
export function readable(resources: unknown): unknown {
  return JSON.parse(JSON.stringify(resources, (key, value) => (key === '//' ? undefined : value)));
}

/** Synthesize a stack on Azure. */
export function synthesize<Built>(build: (stack: TerraformStack) => Built, context: Record<string, unknown> = {}) {
  return synthesizeStack((stack) => {
    new AzurermProvider(stack, 'Azure', { features: [{}] });
    return build(stack);
  }, context);
}
