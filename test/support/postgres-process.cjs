'use strict';

/*
 * PGlite in a process of its own, because it loads its parts with import(), which jest does not have. To make an empty
 * database takes six seconds, so one is kept and loaded again.
 */
const fs = require('node:fs');
const path = require('node:path');
const { PGlite } = require('@electric-sql/pglite');
const { version } = JSON.parse(fs.readFileSync(path.join(require.resolve('@electric-sql/pglite'), '../../package.json'), 'utf8'));

const cache = path.join(__dirname, '../../node_modules/.cache/blueprints');
const kept = path.join(cache, `postgres-${version}.tar`);

async function start() {
  if (fs.existsSync(kept)) return PGlite.create({ loadDataDir: new Blob([fs.readFileSync(kept)]) });
  const database = await PGlite.create();
  const empty = await database.dumpDataDir('none');
  const half = `${kept}.${process.pid}`;
  fs.mkdirSync(cache, { recursive: true });
  fs.writeFileSync(half, Buffer.from(await empty.arrayBuffer()));
  fs.renameSync(half, kept);
  return database;
}

const started = start();

process.on('disconnect', () => process.exit());
process.on('message', (asked) => void answer(asked));

async function answer({ id, sql, parameters }) {
  try {
    const database = await started;
    const [result] = parameters ? [await database.query(sql, parameters)] : (await database.exec(sql)).slice(-1);
    process.send({ id, result });
  } catch ({ code, message, detail }) {
    process.send({ id, fault: { code, message, detail } });
  }
}
