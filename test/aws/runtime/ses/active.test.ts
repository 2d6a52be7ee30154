import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { strFromU8, unzipSync } from 'fflate';
import { activate } from '../../../../aws/runtime/ses/active/activate';
import { packageCode } from '../../../../shared/synth/handler-package';
import { CLIENT_ENVIRONMENT } from '../../../support/aws-stand-ins';
import { temporaryFolder } from '../../../support/folder';
import { type Answer, loopback } from '../../../support/loopback';

const files = unzipSync(readFileSync(packageCode('aws/runtime/ses/active').zip));
const folder = temporaryFolder();
writeFileSync(path.join(folder, 'index.js'), files['index.js']!);

interface Request {
  readonly type: 'Create' | 'Update' | 'Delete';
  readonly replace?: boolean;
  readonly before?: string;
}

/** What CloudFormation sends. */
const requestOf = ({ type, replace = false, before }: Request, ResponseURL = '') => ({
  RequestType: type,
  ServiceToken: 'arn:aws:lambda:eu-west-1:123456789012:function:active',
  ResponseURL,
  StackId: 'arn:aws:cloudformation:eu-west-1:123456789012:stack/mine/1',
  RequestId: 'request-1',
  LogicalResourceId: 'Active',
  ResourceType: 'Custom::ActiveReceiptRuleSet',
  PhysicalResourceId: before ?? 'ours',
  ResourceProperties: { ServiceToken: 'x', RuleSetName: 'ours', ReplaceOther: String(replace) },
  ...(before && { OldResourceProperties: { RuleSetName: before } }),
});

const REFUSAL =
  "The receipt rule set other is active in this account and region, and only one can be. Add the rule to it with the setting ruleSet, or set activation to 'replace' to deactivate it.";

describe('the active rule set', () => {
  test.each<[string, string | undefined, Request, string | undefined]>([
    ['is ours if none was active', undefined, { type: 'Create' }, 'ours'],
    ['stays ours', 'ours', { type: 'Create' }, 'ours'],
    ['becomes ours if it may replace another', 'other', { type: 'Create', replace: true }, 'ours'],
    ['follows a new name of ours', 'older', { type: 'Update', before: 'older' }, 'ours'],
    ['becomes ours again with a changed setting', undefined, { type: 'Update', before: 'ours' }, 'ours'],
    ['is none after ours is deleted', 'ours', { type: 'Delete' }, undefined],
    ['of somebody else stays when ours is deleted', 'other', { type: 'Delete', replace: true }, 'other'],
    ['stays none when ours is deleted', undefined, { type: 'Delete' }, undefined],
  ])('%s', async (_, before, request, after) => {
    let active = before;
    const write = async (name: string | undefined) => {
      active = name;
    };
    await activate(requestOf(request) as never, { read: async () => active, write });
    expect(active).toBe(after);
  });

  test.each<[string, Request]>([
    ['created', { type: 'Create' }],
    ['changed', { type: 'Update', before: 'ours' }],
  ])('of somebody else is not replaced when ours is %s', async (_, request) => {
    const write = jest.fn();
    await expect(activate(requestOf(request) as never, { read: async () => 'other', write })).rejects.toThrow(new Error(REFUSAL));
    expect(write).not.toHaveBeenCalled();
  });
});

describe('during a deploy', () => {
  const slot: { active?: string; calls: string[] } = { calls: [] };

  /** Calls the bundle in its own process as CloudFormation does, with a stand-in for SES. */
  async function deploy(request: Request, ses: (action: string, tries: number) => Answer | undefined = () => undefined) {
    const answers: any[] = [];
    slot.calls = [];
    const api = await loopback(({ headers, method }, body) => {
      const form = new URLSearchParams(body.toString());
      const action = form.get('Action')!;
      slot.calls.push(`${method} ${action} ${form.get('RuleSetName') ?? ''}`.trim());
      const isSigned = /^AWS4-HMAC-SHA256 Credential=nobody\/\d{8}\/eu-west-1\/ses\/aws4_request, /.test(String(headers.authorization));
      if (!isSigned || form.get('Version') !== '2010-12-01') return { status: 403, body: '<Error><Code>Unsigned</Code></Error>' };
      const answered = ses(action, slot.calls.length);
      if (answered) return answered;
      if (action === 'SetActiveReceiptRuleSet') slot.active = form.get('RuleSetName') ?? undefined;
      return {
        status: 200,
        body: action === 'DescribeActiveReceiptRuleSet' ? described(slot.active) : '<SetActiveReceiptRuleSetResponse/>',
      };
    });
    const url = await loopback(({ method, headers }, body) => {
      answers.push({ method, type: headers['content-type'], ...JSON.parse(body.toString()) });
      return { status: 200 };
    });
    const event = JSON.stringify(requestOf(request, url));
    // Here, a wait takes no time.
    const script = `require('node:timers/promises').setTimeout = async () => {}; require('./index.js').handler(${event})`;
    const env = { ...CLIENT_ENVIRONMENT, AWS_ENDPOINT_URL_SES: api };
    const child = spawn(process.execPath, ['-e', script], { cwd: folder, env });
    const [[exitCode]] = await Promise.all([once(child, 'exit'), child.stderr.toArray(), child.stdout.toArray()]);
    return { answers, exitCode };
  }

  /** As in the documentation of the API. */
  const described = (active?: string) => `<DescribeActiveReceiptRuleSetResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/">
  <DescribeActiveReceiptRuleSetResult>${
    active === undefined
      ? ''
      : `
    <Rules><member><Name>a-rule</Name><Actions/></member></Rules>
    <Metadata>
      <CreatedTimestamp>2026-01-31T08:30:00.125Z</CreatedTimestamp>
      <Name>${active}</Name>
    </Metadata>`
  }
  </DescribeActiveReceiptRuleSetResult>
  <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>
</DescribeActiveReceiptRuleSetResponse>`;

  beforeEach(() => {
    slot.active = undefined;
  });

  test('our rule set is activated, and CloudFormation gets an answer', async () => {
    const { answers } = await deploy({ type: 'Create' });
    expect(slot).toEqual({ active: 'ours', calls: ['POST DescribeActiveReceiptRuleSet', 'POST SetActiveReceiptRuleSet ours'] });
    expect(answers).toEqual([
      {
        method: 'PUT',
        type: '',
        Status: 'SUCCESS',
        PhysicalResourceId: 'ours',
        StackId: 'arn:aws:cloudformation:eu-west-1:123456789012:stack/mine/1',
        RequestId: 'request-1',
        LogicalResourceId: 'Active',
      },
    ]);
  });

  test('that of somebody else stays active, and the deploy fails with its name and what to do', async () => {
    slot.active = 'other';
    const { answers } = await deploy({ type: 'Create' });
    expect([slot.active, slot.calls]).toEqual(['other', ['POST DescribeActiveReceiptRuleSet']]);
    expect(answers).toEqual([expect.objectContaining({ Status: 'FAILED', Reason: `Error: ${REFUSAL}` })]);
  });

  test('a deleted stack deactivates its own rule set', async () => {
    slot.active = 'ours';
    const { answers } = await deploy({ type: 'Delete' });
    expect([slot.active, slot.calls.at(-1)]).toEqual([undefined, 'POST SetActiveReceiptRuleSet']);
    expect(answers).toEqual([expect.objectContaining({ Status: 'SUCCESS' })]);
  });

  test('a permission that has no effect yet is waited for', async () => {
    const denied = {
      status: 403,
      body: '<ErrorResponse><Error><Code>AccessDenied</Code><Message>Not yet.</Message></Error></ErrorResponse>',
    };
    const { answers } = await deploy({ type: 'Create' }, (_, tries) => (tries < 4 ? denied : undefined));
    expect([slot.active, answers[0].Status]).toEqual(['ours', 'SUCCESS']);
  });

  test('an error of SES that stays fails the deploy with its message, and not after an hour', async () => {
    const denied = {
      status: 403,
      body: '<ErrorResponse><Error><Code>AccessDenied</Code><Message>Never.</Message></Error></ErrorResponse>',
    };
    const { answers, exitCode } = await deploy({ type: 'Create' }, () => denied);
    const Reason = expect.stringMatching(/^\w+: Never\.$/);
    expect([exitCode, slot.calls.length, answers]).toEqual([0, 6, [expect.objectContaining({ Status: 'FAILED', Reason })]]);
  });
});

test('the bundle is one file under 1 MB that names no folder of this machine', () => {
  expect(Object.keys(files)).toEqual(['index.js']);
  expect(files['index.js']!.length).toBeLessThan(1_000_000);
  expect(strFromU8(files['index.js']!)).not.toContain(path.join(__dirname, '../../../..'));
});
