import type { IConstruct } from 'constructs';

const KEY = 'google-api';

/** Say which APIs a project must have switched on for what a construct makes, such as `pubsub`. */
export function needApis(scope: IConstruct, ...names: readonly string[]) {
  for (const name of names) scope.node.addMetadata(KEY, name);
}

/** All that the constructs of a stack need, each once and in order. */
export function apisOf(stack: IConstruct): string[] {
  const needed = stack.node
    .findAll()
    .flatMap(({ node }) => node.metadata.filter(({ type }) => type === KEY).map(({ data }) => data as string));
  return [...new Set(needed)].sort();
}
