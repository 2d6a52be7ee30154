import type { IConstruct } from 'constructs';

/**
 * What a construct has once, such as a role on the project that several jobs need of who starts them: with either of two equal grants,
 * Google takes both away.
 */
export function onceIn<Made extends IConstruct>(scope: IConstruct, id: string, make: () => Made): Made {
  return (scope.node.tryFindChild(id) as Made | undefined) ?? make();
}

/**
 * A grant of a workload, which it may have already for another store: with either of two equal grants, Google takes both away.
 * @param isEqual whether a construct is that grant
 */
export function grantOnce<Grant extends IConstruct>(workload: IConstruct, isEqual: (one: IConstruct) => boolean, make: () => Grant): Grant {
  return (workload.node.children.find(isEqual) as Grant | undefined) ?? make();
}
