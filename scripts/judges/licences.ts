import { answered, answerTo, isAllowed } from '../shipped/licences';
import { type Shipped, shipped } from '../shipped/packages';
import type { Finding, Judge } from './judge';

/** Whatever ships under a licence that asks for more than is given, and answers that nothing asks for any more. */
export function findLicences(all: readonly Shipped[], answers: readonly string[] = answered()): Finding[][] {
  const packages = all.map(({ bundled, installed }) => [...bundled, ...installed]);
  const found = packages.map((those) =>
    those
      .filter(({ licence }) => !isAllowed(licence))
      .map(({ name, version, licence }) => ({
        rule: 'licence',
        where: `${name} ${version}`,
        what: licence ? `${licence} is not on the list` : 'its maker names no licence',
        reason: answerTo(name, licence),
      })),
  );
  const stale = answers.filter((answer) => !packages.flat().some(({ name, licence }) => answer === `${name} ${licence}`));
  return [...found, stale.map((where) => ({ rule: 'stale', where, what: 'the answer is there, and the package is not' }))];
}

/** The licence of each package that a deploy brings into a cloud. */
export const licences: Judge = {
  name: 'licences',
  proves: 'every package in a bundle has a licence from a short list: see docs/shipped.md',
  blueprintsOf: [],
  run: async () => {
    const all = shipped();
    const found = findLicences(all);
    const verdicts = all.map(({ handler, bundled, installed }, index) => ({
      subject: handler,
      looked: `${bundled.length + installed.length} packages`,
      findings: found[index]!,
    }));
    return [...verdicts, { subject: 'answers', looked: `${answered().length} answers`, findings: found.at(-1)! }];
  },
};
