import type { IConstruct } from 'constructs';

const KEY = 'google-api';

/** Add the APIs that a construct needs enabled in the project, such as `pubsub`. */
export function needApis(scope: IConstruct, ...names: readonly string[]) {
  for (const name of names) scope.node.addMetadata(KEY, name);
}

/** The APIs that the constructs of a stack need, sorted and without duplicates. */
export function apisOf(stack: IConstruct): string[] {
  const needed = stack.node
    .findAll()
    .flatMap(({ node }) => node.metadata.filter(({ type }) => type === KEY).map(({ data }) => data as string));
  return [...new Set(needed)].sort();
}
