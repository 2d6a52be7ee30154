import type { IConstruct } from 'constructs';

const KEY = 'resource-provider';

/** Add the resource providers that a construct needs registered in the subscription, such as `Microsoft.EventHub`. */
export function needResourceProviders(scope: IConstruct, ...names: readonly string[]) {
  for (const name of names) scope.node.addMetadata(KEY, name);
}

/** The resource providers that the constructs of a stack need, sorted and without duplicates. */
export function resourceProvidersOf(stack: IConstruct): string[] {
  const needed = stack.node
    .findAll()
    .flatMap(({ node }) => node.metadata.filter(({ type }) => type === KEY).map(({ data }) => data as string));
  return [...new Set(needed)].sort();
}
