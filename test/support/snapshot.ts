import path from 'node:path';
import { stringify } from 'yaml';

/**
 * Compare a synthesized template with its snapshot, a YAML file that is written to be read. `npm run snapshots` writes it.
 *
 * @param file the snapshot, by its path below `test/`
 * @param notice what a reader should notice, in one line
 */
export function expectSnapshot(file: string, notice: string, content: unknown) {
  expectText(file, `# Notice: ${notice}\n${stringify(content, { lineWidth: 0, aliasDuplicateObjects: false })}`);
}

/** Compare a text that was computed from a template with its snapshot. */
export function expectText(file: string, text: string) {
  expect(scrub(text)).toMatchFile(path.join(__dirname, '..', file));
}

/** Take out what says nothing: hashes of assets, of construct paths, of API deployments and of versions of functions. */
function scrub(text: string): string {
  return text
    .replace(/\b[0-9a-f]{64}\b/g, '<hash>')
    .replace(/assets\/(\w+)\/[0-9A-F]{32}\b/g, 'assets/$1/<hash>')
    .replace(/((?:Deployment|CurrentVersion)[0-9A-F]{8})[0-9a-f]{32}/g, '$1<hash>');
}
