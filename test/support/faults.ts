/** How a call to a neighbour goes: well, or it fails before it took effect, or after, when the caller cannot know. */
export type Fault = 'none' | 'before' | 'after';

/** Calls of a neighbour that goes wrong as it is told. */
export function faulty(fault: () => Fault) {
  return async (effect: () => unknown): Promise<void> => {
    const now = fault();
    await Promise.resolve();
    if (now === 'before') throw new Error('the service is down');
    effect();
    if (now === 'after') throw new Error('the answer got lost');
  };
}
