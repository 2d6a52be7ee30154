import { exitWith } from './one-line';
import { Misunderstood, replayCommand } from './replay/command';

void exitWith(async () => {
  try {
    return await replayCommand(process.argv.slice(2), { print: console.log });
  } catch (error) {
    if (!(error instanceof Misunderstood)) throw error;
    console.error(error.message);
    return 2;
  }
});
