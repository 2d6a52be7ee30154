import { platforms } from '../bin/list';
import { narrowOverviewSvg, overviewSvg, pictureSvg } from '../shared/read/drawing/svg';
import type { Picture } from '../shared/read/picture';
import { type Blueprint, blueprintsNamed, TITLES } from '../shared/synth/blueprints';
import { pictureOf } from './recipes';

const FOLDER = 'docs/pictures';
const OVERVIEW = 'docs/pipelines';
const ALT = 'The three pipelines: the services of each stage on AWS, Azure and GCP';

const pictures = new Map<string, Picture>();

/** What a blueprint synthesizes to. It is synthesized once. */
export function synthesized(blueprint: Blueprint): Picture {
  const picture = pictures.get(blueprint.file) ?? pictureOf(blueprint);
  pictures.set(blueprint.file, picture);
  return picture;
}

/** Every picture of the documentation, by its file: each twice, since what is read on a wide screen cannot be read on a narrow one. */
export function pictureFiles(): Record<string, () => string> {
  const pipelines = () => blueprintsNamed('pipeline').map((one) => ({ name: TITLES[one.cloud], graph: synthesized(one).graph }));
  const drawn = platforms().map((one) => [fileOf(one), (isNarrow: boolean) => draw(one, isNarrow)] as const);
  return {
    [`${OVERVIEW}.svg`]: () => overviewSvg(ALT, pipelines()),
    [`${OVERVIEW}.narrow.svg`]: () => narrowOverviewSvg(ALT, pipelines()),
    ...Object.fromEntries(
      drawn.flatMap(([file, draw]) => [
        [`${file}.svg`, () => draw(false)],
        [`${file}.narrow.svg`, () => draw(true)],
      ]),
    ),
  };
}

/** The Markdown that shows the picture of a blueprint, in a page of `docs/`. */
export function shownPicture(blueprint: Blueprint): string {
  const source = fileOf(blueprint).replace(/^docs\//, '');
  return `<picture>
  <source media="(max-width: 600px)" srcset="${source}.narrow.svg">
  <img alt="${titleOf(blueprint)}: its services, stage by stage, and what is handed over at each step" src="${source}.svg">
</picture>`;
}

export function titleOf({ cloud, name }: Blueprint): string {
  return `${cloud} ${name}`;
}

function fileOf({ cloud, name }: Blueprint): string {
  return `${FOLDER}/${cloud}-${name}`;
}

function draw(blueprint: Blueprint, isNarrow: boolean): string {
  return pictureSvg(titleOf(blueprint), synthesized(blueprint).graph, isNarrow);
}
