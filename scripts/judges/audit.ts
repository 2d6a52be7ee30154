import { spawn } from 'node:child_process';
import path from 'node:path';
import { shipped } from '../shipped/packages';
import { type Finding, type Judge, Unavailable, type Verdict } from './judge';
import { INSTALLED } from './lockfile';

const root = path.join(__dirname, '../..');

/** What is asked about, and where: each lockfile, once as a whole and once without what only a developer needs. */
const ASKED = [
  { subject: 'what synthesizes', folder: '.', args: ['--omit=dev'] },
  ...INSTALLED.map((folder) => ({ subject: `what ships beside the bundle of ${folder}`, folder, args: [] })),
  { subject: 'all packages', folder: '.', args: [] },
  { subject: 'all packages of the local run', folder: 'local', args: [] },
];

const STAYS_HERE = 'It neither ships nor synthesizes. It is a tool of whoever develops or deploys: take its update when there is one.';

/** What `npm audit --json` answers, as far as it is read here. */
export interface Answer {
  readonly auditReportVersion?: number;
  /** Why there is no answer. */
  readonly message?: string;
  readonly vulnerabilities?: Readonly<Record<string, Vulnerable>>;
  readonly metadata?: { readonly dependencies: { readonly total: number } };
}

interface Vulnerable {
  readonly name: string;
  readonly range: string;
  /** The advisories of the package itself, and the names of packages that it has theirs from. */
  readonly via: readonly (string | { readonly url: string; readonly title: string; readonly severity: string })[];
}

/** npm's advisories on every package of every lockfile. */
export const audit: Judge = {
  name: 'npm audit',
  proves: 'no known advisory for a package in a bundle, or for a package that creates templates',
  blueprintsOf: [],
  online: true,
  run: async () => {
    const ships = new Set(shipped().flatMap(({ bundled, installed }) => [...bundled, ...installed].map(({ name }) => name)));
    const verdicts: Verdict[] = [];
    for (const { subject, folder, args } of ASKED) {
      const answer = await ask(path.join(root, folder), args);
      const isWhole = subject.startsWith('all');
      const findings = findInAnswer(answer).map((found) => (isWhole && !ships.has(found.where) ? { ...found, reason: STAYS_HERE } : found));
      verdicts.push({ subject, looked: `${answer.metadata?.dependencies.total} packages`, findings });
    }
    return verdicts;
  },
};

/** Every advisory, by the package that it is about. */
export function findInAnswer({ vulnerabilities = {} }: Answer): Finding[] {
  return Object.values(vulnerabilities).flatMap(({ name, range, via }) =>
    via
      .filter((source) => typeof source !== 'string')
      .map(({ url, title, severity }) => ({ rule: url.split('/').at(-1)!, where: name, what: `${severity}: ${title}, in ${range}` })),
  );
}

/**
 * Read what npm printed.
 * @throws Unavailable when the registry gave no answer, as those behind most mirrors do not
 */
export function readAnswer(printed: string): Answer {
  const answer = parsed(printed);
  if (answer.auditReportVersion !== undefined) return answer;
  const [why] = (answer.message ?? 'nothing was printed').split('\n');
  throw new Unavailable(`the registry does not say what it knows of the packages (${why}). Ask where npm reaches registry.npmjs.org.`);
}

function parsed(printed: string): Answer {
  try {
    return JSON.parse(printed);
  } catch {
    return {};
  }
}

/** Of the environment, npm needs the person's own: their registry and their proxy. */
async function ask(cwd: string, args: readonly string[]): Promise<Answer> {
  const npm = spawn('npm', ['audit', '--json', '--package-lock-only', ...args], { cwd, stdio: ['ignore', 'pipe', 'ignore'] });
  const failed = new Promise<never>((_, reject) =>
    npm.once('error', (error) => reject(new Unavailable(`npm did not run (${error.message}).`))),
  );
  const printed = Promise.all([npm.stdout.toArray()]).then(([chunks]) => Buffer.concat(chunks).toString());
  return readAnswer(await Promise.race([printed, failed]));
}
