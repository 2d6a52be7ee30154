import { type Answer, findInAnswer, readAnswer } from '../../scripts/judges/audit';
import { Unavailable } from '../../scripts/judges/judge';

test.each([
  [
    '405 Method Not Allowed - POST https://registry.npmjs.org/x',
    '{"message":"405 Method Not Allowed - POST https://registry.npmjs.org/x","statusCode":405}',
  ],
  ['request failed, reason: getaddrinfo ENOTFOUND', '{"message":"request failed, reason: getaddrinfo ENOTFOUND\\nmore"}'],
  ['nothing was printed', ''],
  ['nothing was printed', 'npm: not found'],
  ['nothing was printed', '{"vulnerabilities":{}}'],
])('no answer is no pass: %s', (why, printed) =>
  expect(() => readAnswer(printed)).toThrow(
    new Unavailable(`the registry does not say what it knows of the packages (${why}). Ask where npm reaches registry.npmjs.org.`),
  ),
);

test('an answer is read', () => {
  const answer = { auditReportVersion: 2, vulnerabilities: {}, metadata: { dependencies: { total: 7 } } };
  expect(readAnswer(JSON.stringify(answer))).toEqual(answer);
});

test('each advisory is found once, at the package that it is about', () => {
  const vulnerabilities: Answer['vulnerabilities'] = {
    a: { name: 'a', range: '*', via: ['b'] },
    b: {
      name: 'b',
      range: '<2.0.0',
      via: [{ url: 'https://github.com/advisories/GHSA-1', title: 'Runs what it is told', severity: 'high' }],
    },
  };
  expect(findInAnswer({ vulnerabilities })).toEqual([{ rule: 'GHSA-1', where: 'b', what: 'high: Runs what it is told, in <2.0.0' }]);
});
