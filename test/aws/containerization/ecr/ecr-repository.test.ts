import { Duration, type Stack } from 'aws-cdk-lib';
import { type IRepository, Repository } from 'aws-cdk-lib/aws-ecr';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { EcrRepository, type EcrRepositoryProps } from '../../../../aws/containerization/ecr/ecr-repository';
import type { Workload } from '../../../../aws/ports/identity';
import { removalOf, synthesize } from '../../../support/cdk';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';

type Props = EcrRepositoryProps | ((stack: Stack) => EcrRepositoryProps);
const make = (props: Props = {}, context?: Record<string, unknown>) =>
  synthesize((stack) => new EcrRepository(stack, 'Images', typeof props === 'function' ? props(stack) : props), context);
const imported = (stack: Stack): IRepository =>
  Repository.fromRepositoryAttributes(stack, 'Mine', {
    repositoryName: 'mine',
    repositoryArn: 'arn:aws:ecr:eu-west-1:123456789012:repository/mine',
  });
const rulesOf = (props?: Props): any[] =>
  JSON.parse(make(props).one('AWS::ECR::Repository').Properties.LifecyclePolicy.LifecyclePolicyText).rules;

class Runner extends Construct implements Workload {
  readonly role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com') });
}

test('the snapshot', () => {
  const { built, madeBy } = make();
  expectSnapshot(
    'aws/containerization/ecr/ecr-repository.snapshot.yaml',
    'Images are scanned when they are pushed, and a tag is never moved to another image. The repository is retained.',
    madeBy(built),
  );
});

test('documents the defaults that it has', () => {
  const { Properties, DeletionPolicy } = make().one('AWS::ECR::Repository');
  const [untagged, oldest] = rulesOf();
  expect(documentedDefaults('aws/containerization/ecr/ecr-repository.ts', 'EcrRepositoryProps')).toEqual({
    keepImages: `${oldest.selection.countNumber}`,
    keepUntagged: `${untagged.selection.countNumber} days`,
    tags: Properties.ImageTagMutability.toLowerCase(),
    removal: removalOf(DeletionPolicy),
  });
});

test('releases are kept before the oldest images are deleted', () => {
  expect(
    rulesOf({ releaseTags: ['release-'], keepImages: 5 }).map(({ selection }) => [selection.tagStatus, selection.countNumber]),
  ).toEqual([
    ['tagged', 1000],
    ['untagged', 14],
    ['any', 5],
  ]);
});

test('an image with one of several release tags is kept: a rule with several starts would select only images with all of them', () => {
  const kept = rulesOf({ releaseTags: ['release-', 'v'] }).filter(({ selection }) => selection.tagStatus === 'tagged');
  expect(kept.map(({ selection }) => selection.tagPrefixList)).toEqual([['release-'], ['v']]);
});

test('accepts every setting', () => {
  const { one } = make(
    (stack) => ({ keepUntagged: Duration.days(1), tags: 'mutable', encryptionKey: new Key(stack, 'Key'), removal: 'destroy' }),
    {
      destroyData: 'yes',
    },
  );
  expect(one('AWS::ECR::Repository')).toMatchObject({
    DeletionPolicy: 'Delete',
    Properties: { EmptyOnDelete: true, ImageTagMutability: 'MUTABLE', EncryptionConfiguration: { EncryptionType: 'KMS' } },
  });
});

test('uses an existing repository', () => {
  const { all, built } = make((stack) => ({ repository: imported(stack) }));
  expect([all('AWS::ECR::Repository'), built.repository.repositoryName]).toEqual([[], 'mine']);
});

test('can be created twice in one stack', () => {
  const { all } = synthesize((stack) => [new EcrRepository(stack, 'A'), new EcrRepository(stack, 'B')]);
  expect(all('AWS::ECR::Repository')).toHaveLength(2);
});

test('an image is named by its digest or its tag', () => {
  const { built } = make((stack) => ({ repository: imported(stack) }));
  expect(built.imageUri(`sha256:${'0'.repeat(64)}`)).toMatch(/mine@sha256:0{64}$/);
  expect(built.imageUri('3f2c1a9')).toMatch(/mine:3f2c1a9$/);
});

describe('permissions', () => {
  const grants = (bind: (images: EcrRepository, runner: Runner) => unknown) => {
    const { built, allowed } = synthesize((stack) => {
      const runner = new Runner(stack, 'Runner');
      bind(new EcrRepository(stack, 'Images'), runner);
      return runner;
    });
    return allowed(built).map(({ Action, Resource }) => [Action, Resource]);
  };
  const onRepository = { 'Fn::GetAtt': [expect.stringMatching(/^Images/), 'Arn'] };
  const logIn = ['ecr:GetAuthorizationToken', '*'];
  const pull = ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'];

  test('a puller may log in and pull from this repository, and nothing else', () => {
    expect(grants((images, runner) => images.bindPuller(runner, 'IMAGE'))).toEqual([[pull, onRepository], logIn]);
  });

  test('a pusher may push too, and delete nothing', () => {
    const [[actions], login] = grants((images, runner) => images.bindPusher(runner, 'IMAGE')) as any;
    expect(actions).toEqual(expect.arrayContaining([...pull, 'ecr:PutImage']));
    expect(actions.filter((action: string) => /Delete|Set|Policy/.test(action))).toEqual([]);
    expect(login).toEqual(logIn);
  });

  test('the puller of two repositories logs in once, and is told both', () => {
    const settings: string[] = [];
    const may = grants((images, runner) => {
      const other = new EcrRepository(runner, 'Other');
      settings.push(...[images.bindPuller(runner, 'ONE'), other.bindPuller(runner, 'TWO')].flatMap((one) => Object.keys(one.settings)));
    });
    expect(may.filter(([action]) => action === 'ecr:GetAuthorizationToken')).toHaveLength(1);
    expect(settings).toEqual(['ONE_REPOSITORY_URI', 'TWO_REPOSITORY_URI']);
  });
});

describe('refuses', () => {
  test.each<[string, () => unknown, string]>([
    [
      'no images',
      () => make({ keepImages: 0 }),
      'Test/Images: keepImages must be 1 to 1000 images, got 0. To keep an image for longer, give it a tag of releaseTags.',
    ],
    [
      'a start of a tag that is none',
      () => make({ releaseTags: ['release/'] }),
      `Test/Images: releaseTags must be starts of tags, got "release/". Write them like ['release-'].`,
    ],
    [
      'more starts of tags than rules',
      () => make({ releaseTags: Array.from({ length: 49 }, (_, index) => `r${index}-`) }),
      'Test/Images: releaseTags must be at most 48 starts of tags, got 49. ECR allows 50 rules, and each has one of its own.',
    ],
    [
      'untagged images for ever',
      () => make({ keepUntagged: Duration.days(366) }),
      'Test/Images: keepUntagged must be 1 to 365 days, got 366. Images without a tag are those that a push replaced.',
    ],
    [
      'other tags',
      () => make({ tags: 'free' as any }),
      'Test/Images: tags must be immutable or mutable, got "free". Leave it out for immutable tags.',
    ],
    [
      'settings for a repository that is there',
      () => make((stack) => ({ repository: imported(stack), keepImages: 5, tags: 'mutable' })),
      'Test/Images: repository keeps its own settings, got keepImages and tags beside it. Leave keepImages and tags out.',
    ],
    [
      'the tag latest',
      () => make().built.imageUri('latest'),
      'Test/Images: reference must be a digest, or a tag other than latest, got "latest". Use the digest or the commit that was pushed: latest is another image after the next push.',
    ],
    [
      'one key to destroy',
      () => make({ removal: 'destroy' }),
      `Test/Images: removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
  ])('%s', (_, act, message) => expect(act).toThrow(new Error(message)));
});
