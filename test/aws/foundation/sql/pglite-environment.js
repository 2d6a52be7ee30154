const fs = require('node:fs');
const path = require('node:path');
const { PGlite } = require('@electric-sql/pglite');
const { TestEnvironment } = require('jest-environment-node');

const cache = path.join(__dirname, '../../../../node_modules/.cache/blueprints');

/**
 * Gives a test an empty PostgreSQL, which loads its parts with import(): the modules of a test have none, those out here do.
 * To make an empty database takes seconds, so one is kept and loaded again.
 */
module.exports = class extends TestEnvironment {
  async setup() {
    await super.setup();
    this.global.newPostgres = async () => {
      const { version } = JSON.parse(fs.readFileSync(path.join(require.resolve('@electric-sql/pglite'), '../../package.json'), 'utf8'));
      const kept = path.join(cache, `postgres-${version}.tar`);
      if (fs.existsSync(kept)) return PGlite.create({ loadDataDir: new Blob([fs.readFileSync(kept)]) });
      const postgres = await PGlite.create();
      const empty = Buffer.from(await (await postgres.dumpDataDir('none')).arrayBuffer());
      fs.mkdirSync(cache, { recursive: true });
      fs.writeFileSync(`${kept}.${process.pid}`, empty);
      fs.renameSync(`${kept}.${process.pid}`, kept);
      return postgres;
    };
  }
};
