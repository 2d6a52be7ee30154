import { CAVEAT, type Costs, costsOfStack, FREE, money, moneyOf, nameOf, rateOf, readRate } from '../bin/cost';
import { CfnStack } from '../shared/read/cfn';
import { dated, note, prices } from '../shared/read/prices.json';
import type { Stack } from '../shared/read/stack';
import { TfStack } from '../shared/read/tf';
import type { Cloud } from '../shared/synth/blueprints';
import { shippedApps } from './judges/aws-apps';
import { terraformStacks } from './judges/terraform/stack';

const RATE = readRate();

const INTRODUCTION = `# Cost

What each blueprint costs with its defaults: idle, for a million events, and a month at ${rateOf(RATE)}, in USD. For your own rate, size and environment:

\`\`\`sh
npm start -- --cost --events 5M/day --size 2kB
npm start -- aws sqs --cost --events 20/s --environment prod --json
\`\`\`

${CAVEAT}

It is computed from the synthesized template. \`facts.ts\` of each service has what its resources cost, and the assumptions.
[\`shared/read/prices.json\`](../shared/read/prices.json) has the prices. This page is generated.`;

/** The page \`docs/cost.md\`: the cost of every blueprint. */
export function costPage(): string {
  const stacks: (readonly [string, Stack])[] = [
    ...shippedApps().map(({ subject, template }) => [subject, new CfnStack(template)] as const),
    ...terraformStacks().map(({ name, json }) => [name, new TfStack(json)] as const),
  ];
  const costs = stacks.map(([name, stack]) => costsOfStack(name, name.split('-')[0] as Cloud, stack, RATE));
  return `${[INTRODUCTION, overview(costs), ...costs.map(section), sources()].join('\n\n')}\n`;
}

function overview(costs: readonly Costs[]): string {
  const rows = costs.map(({ stack, total }) => `| [${stack}](#${stack}) | ${moneyOf(total).join(' | ')} |`);
  return ['| Stack | Idle | A million events | A month |', '|---|--:|--:|--:|', ...rows].join('\n');
}

function section({ stack, region, total, lines }: Costs): string {
  if (lines.length === 0) return `## ${stack}\n\n${FREE}`;
  const rows = lines.map((line) => `| ${nameOf(line)} | ${line.what} | ${moneyOf(line).join(' | ')} |`);
  const dearest = lines.slice(0, 3).map((line) => `1. **${money(line.month)}** ${line.resource}, ${line.what}. ${line.lower}`);
  return [
    `## ${stack}\n`,
    `At prices of ${region}. ${total.idle > 0 ? '' : 'It costs nothing when idle. '}The three most expensive lines, and what lowers them:\n`,
    ...dearest,
    '',
    '| Resource | What is billed | Idle | A million events | A month |',
    '|---|---|--:|--:|--:|',
    ...rows,
    `| **Total** | | ${moneyOf(total).join(' | ')} |`,
  ].join('\n');
}

function sources(): string {
  const rows = Object.values(prices).map((price) => {
    const steps = 'then' in price ? price.then.map(([from, usd]) => `, ${usd} from ${from} on`) : [];
    return `| ${price.usd}${steps.join('')} | ${price.per} | [page](${price.source}) |`;
  });
  return [`## Prices\n\nOf ${dated}. ${note}\n`, '| USD | For a | Source |', '|--:|---|---|', ...rows].join('\n');
}
