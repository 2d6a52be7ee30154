import type { Part, Way } from '../picture';

export type Point = readonly [x: number, y: number];

/** How texts look: the size of the letters, whether they are bold, and how high a line is. */
export const STYLES = {
  stage: { size: 11, isBold: true, height: 16 },
  label: { size: 11, isBold: false, height: 16 },
  title: { size: 14, isBold: true, height: 18 },
  fact: { size: 12, isBold: false, height: 16 },
  alarms: { size: 11, isBold: false, height: 18 },
  route: { size: 12, isBold: true, height: 16 },
  number: { size: 10, isBold: true, height: 12 },
  cloud: { size: 16, isBold: true, height: 20 },
} as const;
export type Style = keyof typeof STYLES;

/** A line of text. */
export interface Line {
  readonly x: number;
  /** Of the line that letters stand on. */
  readonly y: number;
  readonly style: Style;
  readonly text: string;
}

/** A part of a graph, at its place in a picture. Its lines are measured from its upper left corner. */
export interface Box {
  readonly part: Part;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly lines: readonly Line[];
}

/** A way as it is drawn: its corners, and the place of its number. */
export interface Arrow {
  readonly way: Way;
  readonly points: readonly Point[];
  readonly at: Point;
  readonly isDead: boolean;
  /** Whether it ends where it meets another one that leads to the same place. */
  readonly joins: boolean;
}

/** The name of a stage above its column. */
export interface Head extends Line {
  readonly stage: string;
  readonly isEmpty: boolean;
}

export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
  readonly heads: readonly Head[];
}

/** What a drawing shows. */
export interface Shows {
  /** How many lines of facts a box has at most. */
  readonly facts: number;
  /** Whether ways have numbers. */
  readonly numbers: boolean;
  /** Whether the names of the stages stand above their columns. */
  readonly heads: boolean;
}
