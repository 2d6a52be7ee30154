import { writeFileSync } from 'node:fs';
import { overviewSvg, pictureSvg } from '../shared/read/drawing/svg';
import type { Shown } from './page';

/** Draws stacks into a file: one with all of its steps, or several one below the other. */
export function writePicture(file: string, shown: readonly Shown[], titleOf: (stack: string) => string) {
  const [first, ...others] = shown;
  if (!first) return;
  const named = shown.map(({ stack, graph }) => ({ name: titleOf(stack), graph }));
  const title = shown.map(({ stack }) => stack).join(', ');
  writeFileSync(file, others.length === 0 ? pictureSvg(title, first.graph) : overviewSvg(title, named));
}
