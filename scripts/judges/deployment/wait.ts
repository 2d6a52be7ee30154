import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Ask again and again until there is an answer.
 * @throws Error that says what did not happen
 */
export async function eventually<Answer>(what: string, ask: () => Promise<Answer | undefined>, seconds = 30): Promise<Answer> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await sleep(100);
  }
}
