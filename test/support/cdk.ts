import { App, CfnResource, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { IConstruct } from 'constructs';
import cdk from '../../cdk.json';
import { temporaryFolder } from './folder';

/** A resource of a CloudFormation template. */
export interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, any>;
  readonly DeletionPolicy?: string;
  readonly DependsOn?: readonly string[];
}

/** A synthesized stack, with what tests ask of it. */
export interface Synthesized {
  readonly resources: Readonly<Record<string, Resource>>;
  /** All resources of a type. */
  all(type: string): Resource[];
  /** The one resource of a type. */
  one(type: string): Resource;
  /** The resources that one construct made. */
  madeBy(construct: IConstruct): Record<string, Resource>;
  /** Each statement of each policy that is attached to a role of this construct. */
  allowed(construct: IConstruct): { Action: string | string[]; Resource: unknown; Condition?: unknown }[];
}

/** Synthesize a stack the way `cdk synth` does, without the CLI. */
export function synthesize<Built>(build: (stack: Stack) => Built, context: Record<string, unknown> = {}): Synthesized & { built: Built } {
  // One synthesis after the other may write into it.
  outdir ??= temporaryFolder();
  const stack = new Stack(
    new App({ outdir, context: { ...cdk.context, ...context }, treeMetadata: false, analyticsReporting: false }),
    'Test',
  );
  const built = build(stack);
  const resources = resourcesOf(stack);
  const all = (type: string) => Object.values(resources).filter((resource) => resource.Type === type);
  const madeBy = (construct: IConstruct): Record<string, Resource> => {
    const ids = construct.node.findAll().filter((node): node is CfnResource => CfnResource.isCfnResource(node));
    return Object.fromEntries(ids.map((node) => [stack.resolve(node.logicalId), resources[stack.resolve(node.logicalId)]!]));
  };
  return {
    built,
    resources,
    all,
    madeBy,
    one: (type) => {
      const found = all(type);
      if (found.length !== 1) throw new Error(`expected one ${type}, found ${found.length}`);
      return found[0]!;
    },
    allowed: (construct) =>
      Object.values(madeBy(construct))
        .filter(({ Type }) => Type === 'AWS::IAM::Policy')
        .flatMap(({ Properties }) => Properties.PolicyDocument.Statement),
  };
}

/** The setting `removal` that gives a resource its deletion policy. */
export function removalOf(deletionPolicy?: string): string | undefined {
  return { RetainExceptOnCreate: 'retain', Delete: 'destroy' }[deletionPolicy ?? ''];
}

function resourcesOf(stack: Stack): Record<string, Resource> {
  return Template.fromStack(stack).toJSON().Resources ?? {};
}

let outdir: string | undefined;
