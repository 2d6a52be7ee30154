import { Misunderstood } from './copy/choice';
import { copyCommand } from './copy/command';
import { exitWith } from './one-line';
import { typedIn } from './typed-in';

void exitWith(async () => {
  try {
    return await copyCommand(process.argv.slice(2), { print: console.log, cwd: typedIn() });
  } catch (error) {
    if (!(error instanceof Misunderstood)) throw error;
    console.error(`${error.message} See npm run copy -- --help.`);
    return 2;
  }
});
