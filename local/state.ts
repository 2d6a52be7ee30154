import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';

/** The clouds that can be run. */
export const CLOUDS = ['aws', 'azure', 'gcp'] as const;
export type Cloud = (typeof CLOUDS)[number];

export const ROOT = path.join(__dirname, '..');
/** Whatever a run writes lies below this folder, which git ignores. */
export const STATE = path.join(ROOT, '.local');

/** The folders of one cloud's run: what was synthesized, and what the run writes. Both are made anew. */
export function newState(cloud: Cloud): { readonly synthesized: string; readonly data: string } {
  const folder = path.join(STATE, cloud);
  rmSync(folder, { recursive: true, force: true });
  const data = path.join(folder, 'data');
  mkdirSync(data, { recursive: true });
  return { synthesized: path.join(folder, 'synthesized'), data };
}
