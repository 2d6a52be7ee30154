/** The colours of the stages, of dead letters and of everything else, on a light page and on a dark one. The pages are those of GitHub. */
export const COLOURS = {
  light: {
    page: '#ffffff',
    card: '#ffffff',
    edge: '#d1d9e0',
    line: '#818b98',
    text: '#1f2328',
    soft: '#59636e',
    connect: '#0969da',
    buffer: '#8250df',
    processing: '#bc4c00',
    store: '#1a7f37',
    visualize: '#bf3989',
    containerization: '#1b7c83',
    dead: '#cf222e',
  },
  dark: {
    page: '#0d1117',
    card: '#151b23',
    edge: '#3d444d',
    line: '#9198a1',
    text: '#f0f6fc',
    soft: '#9198a1',
    connect: '#4493f8',
    buffer: '#ab7df8',
    processing: '#f0883e',
    store: '#3fb950',
    visualize: '#db61a2',
    containerization: '#39c5cf',
    dead: '#f85149',
  },
} as const;
type Colours = Readonly<Record<keyof (typeof COLOURS)['light'], string>>;

const HUES = ['connect', 'buffer', 'processing', 'store', 'visualize', 'containerization', 'dead'] as const;

/** The rules for both pages. A browser takes the one that the page around the picture says, or else its own. */
export const SCHEMES = `${rulesOf(COLOURS.light)}
@media(prefers-color-scheme:dark){
${rulesOf(COLOURS.dark)}
}`;

function rulesOf({ page, card, edge, line, text, soft, ...hues }: Colours): string {
  return [
    `.page{fill:${page};stroke:${edge}}.box rect{fill:${card};stroke:${edge}}text{fill:${text}}.fact,.label,.alarms,.stage.empty{fill:${soft}}`,
    `.rule{stroke:${edge}}.way{stroke:${line}}.tip{fill:${line}}.bell,.number circle{fill:${soft}}.number text{fill:${page}}`,
    ...HUES.map((hue) => `.stage.${hue},.${hue} .stage{fill:${hues[hue]}}.${hue} .bar{stroke:${hues[hue]}}`),
    `.dead rect,.way.lost{stroke:${hues.dead}}.dead .label,.tip.lost,.number.lost circle{fill:${hues.dead}}`,
  ].join('\n');
}
