import { renderVtl } from '../../../aws/api-gateway/mapping-template';

const render = (template: string) => renderVtl(template, { body: '{"a":"x","n":12345678901234567890}', context: { requestId: 'r-1' } });

test.each([
  ['$input.body', '{"a":"x","n":12345678901234567890}'],
  [`$input.json('$.n') $input.json('$.a')`, '12345678901234567890 "x"'],
  [`<$input.path('$.missing')>`, '<>'],
  ['$context.requestId', 'r-1'],
  [`$util.base64Encode('é')`, 'w6k='],
  [`$util.urlEncode('a b&c=é~(1)*-._')`, 'a+b%26c%3D%C3%A9%7E%281%29*-._'],
  [`#set($a = "$input.path('$.a')y")#if($a.contains('xy'))yes#{else}no#end`, 'yes'],
])('%s gives %s', (template, text) => expect(render(template).text).toBe(text));

test('an empty body is an empty object', () => expect(renderVtl(`<$input.path('$.a')>`, { body: '' }).text).toBe('<>'));

test('a template can set the status', () => expect(render('#set($context.responseOverride.status = 429)').status).toBe(429));

test.each([
  ['$nobody', '$nobody has no value'],
  ['$context.nobody', '$context.nobody is not listed'],
  [`$util.escapeJavaScript('x')`, '$util.escapeJavaScript is not listed'],
  [`$input.params('x')`, '$input.params is not listed'],
  [`$input.path('$.a[0]')`, 'the JSON path $.a[0] is not listed'],
  [`#if($input.path('$.a').equals('x'))yes#end`, 'the method equals of "x" is not listed'],
])('%s throws: %s', (template, message) => expect(() => render(template)).toThrow(new Error(message)));
