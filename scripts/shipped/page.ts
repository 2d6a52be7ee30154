import { version as cdkVersion } from 'aws-cdk-lib/package.json';
import { ALLOWED, answerTo, isAllowed } from './licences';
import { type Package, type Shipped, shipped } from './packages';

/**
 * Everything that ships, on one page: `docs/shipped.md`.
 * @throws Error on a licence that is neither on the list nor answered
 */
export function shippedPage(): string {
  const all = shipped();
  for (const { handler, bundled, installed } of all) {
    for (const { name, version, licence } of [...bundled, ...installed]) {
      if (isAllowed(licence) || answerTo(name, licence)) continue;
      throw new Error(`${handler}: the licence of ${name} ${version} must be one of ${ALLOWED.join(', ')}, got ${licence ?? 'none'}.`);
    }
  }
  return `# What ships

What a deploy brings into a cloud, by package, version and licence. This page is generated from the bundles and from the lockfiles beside them, and CI fails when
it does not hold any more. Each licence is one of ${ALLOWED.join(', ')}, or stands here with the reason why it stays.

Bundles hold no texts of licences. Whoever hands a bundle on to others adds those of the packages in it.

On AWS, \`REMOVAL=destroy\` brings one function more, which empties the buckets: it is part of aws-cdk-lib ${cdkVersion}, under Apache-2.0.
${all.map(section).join('')}`;
}

function section({ handler, bytes, bundled, installed }: Shipped): string {
  const foreign = bundled.reduce((sum, found) => sum + found.bytes, 0);
  const lines = [
    `## ${handler}`,
    `\`index.js\` has ${count(bytes)} bytes. ${count(foreign)} of them come from these packages, the rest is this project's own.`,
    table(
      ['Package', 'Version', 'Licence', 'Bytes'],
      bundled.map((found) => [...row(found), count(found.bytes)]),
    ),
  ];
  if (installed.length > 0) {
    lines.push(
      `The platform installs ${installed.length} packages beside it, as \`package-lock.json\` says:`,
      table(['Package', 'Version', 'Licence'], installed.map(row)),
    );
  }
  return `\n${lines.join('\n\n')}\n`;
}

function row({ name, version, licence }: Package): string[] {
  const answer = isAllowed(licence) ? undefined : answerTo(name, licence);
  return [name, version, answer ? `${licence}: ${answer}` : (licence ?? '')];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${head.map((name) => (name === 'Bytes' ? '---:' : '---')).join('|')}|`, ...rows.map(line)].join('\n');
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}
