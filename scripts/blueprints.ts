import { type Listed, listBlueprints, whyNotRun } from '../bin/list';
import { type Access, type Hop, STAGES } from '../shared/read/picture';
import { type Blueprint, findBlueprints } from '../shared/synth/blueprints';
import { shownPicture, synthesized, titleOf } from './picture';

const HEAD = `# Blueprints

<!-- Written by npm run generate. -->

Every picture is generated from the template: services are below their stages, dead letters below the services that send to them. \`npm start -- aws sqs --picture my.svg\` generates a picture after your changes. Open it in a browser and point at a service to see its permissions, and who has permissions on it.`;

/** The page with every blueprint: its picture, the path of an event, the permissions, and the commands. */
export function blueprintsPage(): string {
  // Both go over the same files, in the same order.
  const found = findBlueprints();
  const listed = listBlueprints();
  const sections = found.map((blueprint, index) => section(blueprint, listed[index]!));
  return `${[HEAD, overview(found, listed), ...sections].join('\n\n')}\n`;
}

function overview(found: readonly Blueprint[], listed: readonly Listed[]): string {
  const rows = found.map((blueprint, index) => {
    const title = titleOf(blueprint);
    const main = synthesized(blueprint).graph.parts.filter(({ stage, isDeadLetter }) => stage !== '' && !isDeadLetter);
    const services = STAGES.map((stage) =>
      [...new Set(main.filter((part) => part.stage === stage).map(({ service }) => service))].join(' and '),
    );
    const runs = listed[index]!.local === 'runs' ? 'yes' : 'no';
    return `| [${title}](#${title.replace(' ', '-')}) | ${services.filter(Boolean).join(' → ') || '–'} | ${runs} |`;
  });
  return ['| Blueprint | Services | Runs on this machine |', '|---|---|---|', ...rows].join('\n');
}

function section(blueprint: Blueprint, { what, stages, local }: Listed): string {
  const { flow, access } = synthesized(blueprint);
  const isPlatform = Object.keys(stages).length > 0;
  const stack = `${blueprint.cloud}-${blueprint.name}`;
  return [
    `## ${titleOf(blueprint)}`,
    `${what} [\`${blueprint.file}\`](../${blueprint.file}). [What it costs](cost.md#${stack}).`,
    ...(isPlatform ? [shownPicture(blueprint)] : []),
    `\`\`\`sh\n${commands(blueprint, local).join('\n')}\n\`\`\``,
    ...(typeof local === 'object' ? [`Not run on this machine: ${whyNotRun(local)}`] : []),
    ...(isPlatform
      ? [
          folded(
            'The path of an event',
            ['From', 'What is passed', 'To', 'Service and settings'],
            flow.map(({ from, how, to, notes }: Hop) => [from, how, to, notes]),
          ),
        ]
      : []),
    folded(
      'Who may do what',
      ['Who', 'May', 'On', 'Only if'],
      access.map(({ identity, may, on, only }: Access) => [identity, may, on, only]),
    ),
  ].join('\n\n');
}

function commands({ cloud, name }: Blueprint, local: Listed['local']): string[] {
  const shown = [`npm start -- ${cloud} ${name}`, 'what it creates, and the commands that deploy it'] as const;
  const run = [`npm run local -- ${cloud} ${name}`, 'sends events through it, on this machine'] as const;
  return (local === 'runs' ? [shown, run] : [shown]).map(([command, comment]) => `${command.padEnd(run[0].length)}  # ${comment}`);
}

function folded(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('*', '\\*')).join(' | ')} |`;
  const table = [row(head), `|${'---|'.repeat(head.length)}`, ...rows.map(row)].join('\n');
  return `<details>\n<summary>${title}</summary>\n\n${table}\n\n</details>`;
}
