import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** The clouds that can be run. */
export const CLOUDS = ['aws', 'azure', 'gcp'] as const;
export type Cloud = (typeof CLOUDS)[number];

export const ROOT = path.join(__dirname, '..');

/** The folders of one cloud's run. */
export interface State {
  /** The synthesized files. */
  readonly synthesized: string;
  /** The files of the run. */
  readonly data: string;
}

/**
 * Create empty folders in `state` for a run of one cloud. Files of an earlier run are deleted.
 * @throws Error if another run is using them
 */
export function newState(state: string, cloud: Cloud): State {
  const folder = path.join(state, cloud);
  const owner = path.join(folder, 'process');
  const running = ownerOf(owner);
  if (running !== undefined && running !== process.pid) {
    throw new Error(`Process ${running} runs ${cloud} in ${folder}. End it first, or set LOCAL_STATE to another folder.`);
  }
  rmSync(folder, { recursive: true, force: true });
  const data = path.join(folder, 'data');
  mkdirSync(data, { recursive: true });
  writeFileSync(owner, String(process.pid));
  return { synthesized: path.join(folder, 'synthesized'), data };
}

/** The process id in a file, if that process is running. */
function ownerOf(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    process.kill(pid, 0);
    return pid;
  } catch {
    return undefined;
  }
}
