import type { IConstruct } from 'constructs';

/**
 * What a construct has once, such as a role on the project that several jobs need of who starts them: with either of two equal grants,
 * Google takes both away.
 */
export function onceIn<Made extends IConstruct>(scope: IConstruct, id: string, make: () => Made): Made {
  return (scope.node.tryFindChild(id) as Made | undefined) ?? make();
}
