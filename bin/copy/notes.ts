import path from 'node:path';
import { TITLES } from '../../shared/synth/blueprints';
import { fileAt } from './git';
import { readText } from './mark';

const CHANGELOG = 'CHANGELOG.md';

/** An entry of the changelog, and the clouds that it names in its heading or at its start. None means all clouds. */
interface Entry {
  readonly text: string;
  readonly clouds: readonly string[];
}

/** The upgrade notes in the changelog since a commit, for the clouds that were copied. */
export function upgradeNotes(since: string, names: readonly string[], root: string): string[] {
  const before = new Set(entriesIn(fileAt(since, CHANGELOG, root) ?? '').map(({ text }) => text));
  const copied = Object.entries(TITLES).flatMap(([cloud, title]) => (names.some((name) => name.startsWith(`${cloud}/`)) ? [title] : []));
  return entriesIn(readText(path.join(root, CHANGELOG)) ?? '')
    .filter(({ text }) => !before.has(text) && /\*Upgrade/.test(text))
    .filter(({ clouds }) => clouds.length === 0 || clouds.some((cloud) => copied.includes(cloud)))
    .map(({ text }) => text);
}

function entriesIn(text: string): Entry[] {
  return text.split(/^#+ /m).flatMap((section) => {
    const [heading = '', ...lines] = section.split('\n');
    const entries = lines.join('\n').split(/^- /m).slice(1);
    return entries.map((entry) => ({
      text: entry.trim().replace(/\s*\n\s*/g, '\n'),
      clouds: cloudsIn(`${heading}, ${/^[^:]*:/.exec(entry)?.[0] ?? ''}`),
    }));
  });
}

/** The clouds in a list such as `Azure, GCP:`. */
function cloudsIn(text: string): string[] {
  const words = text.split(/[:,]\s*/);
  return Object.values(TITLES).filter((cloud) => words.includes(cloud));
}
