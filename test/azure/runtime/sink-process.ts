import { type ChildProcess, fork } from 'node:child_process';
import type { Lot, Refusal, Sink } from '../../../shared/runtime/sink';
import { bundled } from '../../support/bundled';

const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill();
});

interface Written {
  readonly number: number;
  readonly refused?: readonly (readonly [record: number, reason: string])[];
  readonly error?: { readonly name: string; readonly message: string };
}

/**
 * A sink whose writes are made in a process of its own, since only a new process can be told whom to trust.
 * @param open the expression that makes the sink, by paths from the root
 * @param encode the same function as that of the sink
 */
export function sinkInProcess<Stored>(open: string, encode: Sink<Stored>['encode'], env: Readonly<Record<string, string>>): Sink<Stored> {
  const script = bundled(`
    const sink = ${open};
    process.on('message', async ({ number, stored, records, late }) => {
      const known = records.map(() => ({ bytes: Buffer.alloc(0), arrived: new Date(0), position: {} }));
      const of = [...new Set(records)];
      const made = stored.map((one, index) => ({ stored: one, record: known[of.indexOf(records[index])] }));
      const signal = late ? AbortSignal.abort() : AbortSignal.timeout(20000);
      await sink.write({ name: 'lot', arrived: new Date(0), made }, signal).then(
        (refusals) => process.send({ number, refused: refusals.map(({ record, reason }) => [of[known.indexOf(record)], reason]) }),
        ({ name, message }) => process.send({ number, error: { name, message } }),
      );
    });
  `);
  const child = fork(script, { env });
  children.push(child);
  let lots = 0;
  return {
    encode,
    write: ({ made }: Lot<Stored>, signal) =>
      new Promise<readonly Refusal[]>((resolve, reject) => {
        const number = lots++;
        const all = [...new Set(made.map(({ record }) => record))];
        const hear = (answer: Written) => {
          if (answer.number !== number) return;
          child.off('message', hear);
          if (answer.error) reject(Object.assign(new Error(answer.error.message), { name: answer.error.name }));
          else resolve(answer.refused!.map(([record, reason]) => ({ record: all[record]!, reason })));
        };
        child.on('message', hear);
        const records = made.map(({ record }) => all.indexOf(record));
        child.send({ number, stored: made.map(({ stored }) => stored), records, late: signal?.aborted });
      }),
  };
}
