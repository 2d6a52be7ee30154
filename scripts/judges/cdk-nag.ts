import { Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, NIST80053R5Checks } from 'cdk-nag';
import { version } from 'cdk-nag/package.json';
import type { IConstruct } from 'constructs';
import { awsApps } from './aws-apps';
import type { Finding, Judge } from './judge';

const PACKS = [AwsSolutionsChecks, NIST80053R5Checks];

/** cdk-nag on the constructs for AWS. */
export const cdkNag: Judge = {
  name: 'cdk-nag',
  proves: 'the constructs pass the AWS Solutions and the NIST 800-53 R5 rules, or have a reason',
  blueprintsOf: ['aws'],
  run: () =>
    Promise.resolve(
      awsApps().map(({ subject, app, template }) => {
        const looked = `${Object.keys(template.Resources).length} resources under 2 packs of rules, by cdk-nag ${version}`;
        return { subject, looked, findings: nag(app) };
      }),
    ),
};

/** Both packs of rules over everything of an app that was synthesized. A reason is found where cdk-nag looks for it. */
export function nag(app: IConstruct): Finding[] {
  const said = app.node.findAll().flatMap(acknowledgements);
  const used = new Set<(typeof said)[number]>();
  const findings = PACKS.flatMap((Pack) => {
    // Deaf to acknowledgements, so that each of them can be held against what it answers.
    const pack = new Pack();
    Object.assign(pack, { isAcknowledged: () => false });
    return pack.validateScope(app).violations.flatMap(({ ruleName: rule, description: what, violatingResources }) =>
      violatingResources.map(({ constructPath: where = '' }) => {
        const answers = said.filter(({ id, path }) => id === rule && `${where}/`.startsWith(`${path}/`));
        for (const answer of answers) used.add(answer);
        return { rule, where, what, reason: answers[0]?.reason };
      }),
    );
  });
  const stale = said
    .filter((one) => !used.has(one))
    .map(({ id, path }) => ({ rule: id, where: path, what: 'acknowledged, and not found' }));
  return [...findings, ...stale];
}

/** What a construct says for itself and for all below it. What the CDK says to its own validator is left out. */
function acknowledgements({ node }: IConstruct) {
  return node.metadata
    .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
    .flatMap(({ data }) => Object.entries(data as Record<string, string>))
    .map(([id, reason]) => ({ id: id.replace(/^annotation::/i, ''), reason, path: node.path }))
    .filter(({ id }) => !id.startsWith('CloudFormation-Validate::'));
}
