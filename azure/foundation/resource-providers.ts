import type { IConstruct } from 'constructs';

const KEY = 'resource-provider';

/** Say which resource providers a subscription must have registered for what a construct makes, such as `Microsoft.EventHub`. */
export function needResourceProviders(scope: IConstruct, ...names: readonly string[]) {
  for (const name of names) scope.node.addMetadata(KEY, name);
}

/** All that the constructs of a stack need, each once and in order. */
export function resourceProvidersOf(stack: IConstruct): string[] {
  const needed = stack.node
    .findAll()
    .flatMap(({ node }) => node.metadata.filter(({ type }) => type === KEY).map(({ data }) => data as string));
  return [...new Set(needed)].sort();
}
