import { writeFileSync } from 'node:fs';
import { overviewSvg, pictureSvg } from '../shared/read/drawing/svg';
import type { Shown } from './page';

/**
 * Writes a picture of stacks into an SVG file: one stack with all its steps, or several stacks below each other.
 * @throws Error if no events go through them
 */
export function writePicture(file: string, shown: readonly Shown[], titleOf: (stack: string) => string) {
  const [first, ...others] = shown;
  if (!first) return;
  if (shown.every(({ graph }) => graph.parts.length === 0))
    throw new Error(`--picture draws the path of events, and no events go through ${first.stack}.`);
  const named = shown.map(({ stack, graph }) => ({ name: titleOf(stack), graph }));
  const title = shown.map(({ stack }) => stack).join(', ');
  writeFileSync(file, others.length === 0 ? pictureSvg(title, first.graph) : overviewSvg(title, named));
}
