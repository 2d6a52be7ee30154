import type { Cloud } from '../../shared/synth/blueprints';

/** A change that a user wants to make, and the recipes for it. */
export interface Want {
  readonly want: string;
  /** The recipes that show it, on one cloud or on every one. */
  readonly recipes: Readonly<Partial<Record<Cloud | 'every', readonly string[]>>>;
  /**
   * Text for a cell without a recipe, or in addition to a recipe.
   * @default - nothing
   */
  readonly words?: Readonly<Partial<Record<Cloud | 'every', string>>>;
  /**
   * The blueprint that a recipe is compared with, by the name of the recipe.
   * @default - the minimal pipeline of its cloud
   */
  readonly against?: Readonly<Record<string, string>>;
}

/** The table at the top of the page. The recipes are below it in this order. */
export const WANTS: readonly Want[] = [
  { want: 'Store other fields of an event', recipes: { every: ['every-change-the-transform'] } },
  {
    want: 'A column of your own',
    recipes: { gcp: ['gcp-own-column'] },
    words: { aws: 'objects can have any field', azure: 'objects can have any field' },
  },
  { want: 'A package of npm in the transform', recipes: { every: ['every-npm-package'] } },
  {
    want: 'Refuse data that breaks a contract of yours',
    recipes: { aws: ['aws-own-contract'], azure: ['every-npm-package'], gcp: ['every-npm-package'] },
  },
  {
    want: 'A second processor, a second store',
    recipes: { aws: ['aws-second-store'], azure: ['azure-second-processor'], gcp: ['gcp-second-processor'] },
  },
  {
    want: 'A handler in Python, or in a container image',
    recipes: { aws: ['aws-python', 'aws-container-image'] },
    words: {
      azure: 'not yet: the app runs only Node.js, and Python packages must be built by Azure',
      gcp: 'not yet: the function runs only Node.js',
    },
  },
  {
    want: 'Your VPC, your virtual network',
    recipes: { aws: ['aws-own-network', 'aws-own-network-aurora'], azure: ['azure-own-network'], gcp: ['gcp-own-network'] },
    against: { 'aws-own-network-aurora': 'aurora' },
  },
  {
    want: 'Your stream, hub or topic',
    recipes: { aws: ['aws-own-stream'], azure: ['azure-own-hub'], gcp: ['gcp-own-resources'] },
  },
  {
    want: 'Your bucket, storage account or dataset',
    recipes: { aws: ['aws-own-resources'], azure: ['azure-own-account'], gcp: ['gcp-own-resources'] },
  },
  {
    want: 'Your key',
    recipes: { aws: ['aws-own-resources'], azure: ['azure-own-account'], gcp: ['gcp-own-key'] },
    words: { azure: 'Event Hubs: not yet, no construct has a setting for a key' },
  },
  {
    want: 'Alarms by mail, or in Slack',
    recipes: { aws: ['aws-alarms-to-people'], azure: ['azure-alarms-to-people'], gcp: ['gcp-alarms-to-people'] },
  },
  { want: 'Dev and prod', recipes: {}, words: { every: '[Environments](../environments.md)' } },
];
