import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { overviewSvg, pictureSvg } from '../shared/read/drawing/svg';
import { type Cloud, TITLES } from '../shared/synth/blueprints';
import type { Shown } from './page';
import { typedIn } from './typed-in';

/** `npm start -- --picture FILE`: draws stacks, beside what else is shown of them. */
export function drawPicture(file: string, shown: readonly Shown[]) {
  writePicture(path.resolve(typedIn(), file), shown, (stack) => TITLES[stack.split('-')[0] as Cloud]);
  console.error(`The picture is in ${file}. Open it in a browser, and point at a service to see who may do what.`);
}

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
