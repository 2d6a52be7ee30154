import { Misunderstood } from './copy/choice';
import { copyCommand } from './copy/command';
import { exitWith } from './one-line';

void exitWith(async () => {
  try {
    // npm runs a script in the folder of its package, and says where it was called.
    return await copyCommand(process.argv.slice(2), { print: console.log, cwd: process.env.INIT_CWD ?? process.cwd() });
  } catch (error) {
    if (!(error instanceof Misunderstood)) throw error;
    console.error(`${error.message} See npm run copy -- --help.`);
    return 2;
  }
});
