/** The functions framework in a few lines: a body of JSON, a query, and the exported function of `index.js` beside it. */
export const FRAMEWORK = `
const { handler } = require('./index.js');
const server = require('node:http').createServer(async (req, res) => {
  const body = JSON.parse(Buffer.concat(await req.toArray()).toString());
  const query = Object.fromEntries(new URL(req.url, 'http://function').searchParams);
  const status = (code) => ({ end: () => res.writeHead(code).end() });
  handler({ body, query }, { status });
});
server.listen(0, '127.0.0.1', () => console.log('listening on ' + server.address().port));
`;
