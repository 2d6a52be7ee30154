/** The functions in the text of {@link eventToRow}, by what they do. */
export const FUNCTIONS = { ofMessage: 'eventToRow', ofLine: 'lineToRow', ofRefused: 'lineToRefusal' } as const;

/** The columns that the functions fill, with their types: those of a `BigQueryStore` with its default columns. */
export const FILLED: Readonly<Record<string, string>> = {
  ...{ event_id: 'STRING', event_source: 'STRING', event_type: 'STRING', event_time: 'TIMESTAMP', row_index: 'INTEGER' },
  ...{ message_id: 'STRING', publish_time: 'TIMESTAMP', subject: 'STRING', data: 'JSON', data_base64: 'STRING', rest: 'JSON' },
};

/** The keywords of JSON schema that the function checks. */
export const KEYWORDS = [
  ...['$schema', 'title', 'description', 'type', 'enum', 'required', 'not', 'properties', 'additionalProperties'],
  ...['minLength', 'maxLength', 'pattern', 'minimum', 'maximum'],
];

/**
 * The text of functions that turn an event into a row of a `BigQueryStore` with its default columns. Dataflow runs them with Nashorn, so
 * they have no syntax after ECMAScript 5. They get the event only: its id and its time are in the columns for those of a message too.
 *
 * `eventToRow` is for streaming inserts. It throws if a message is no event of the contract: the template then writes the message into
 * its dead-letter table, with the reason. JSON columns get the text of the event as it came, so that no digit of a number is lost.
 * Both tables take rows of 9 MB. The template tries a larger row of the dead letter for ever, and all events behind it wait. So for a
 * message that is too large for it, `eventToRow` returns a row that BigQuery refuses, with the reason and the start of the message: it
 * goes into the dead-letter table instead. Reasons are short, because Nashorn puts the whole text into them. The nesting is checked before
 * the text is parsed: the template catches no overflow of the stack.
 *
 * `lineToRow` is for load jobs, which take a text in a JSON column as a text: JSON columns get the values themselves
 * (apache/beam#23025). A line that is no event has no row, because the template has no dead letter, and would fail as a whole.
 * `lineToRefusal` makes a row of the dead-letter table of each of these lines, and of no other. The template reads decimals as doubles.
 * What the template or BigQuery may refuse is refused before, because it would fail the whole load: lines of over 10 million characters,
 * integers of over 18 digits, numbers and names that Jackson does not read, unpaired surrogates.
 * @see https://cloud.google.com/dataflow/docs/guides/templates/create-template-udf
 */
export function eventToRow(schema: Readonly<Record<string, unknown>>): string {
  const contract = JSON.stringify(schema, (keyword, value) => (keyword === 'description' && typeof value === 'string' ? undefined : value));
  return `var CONTRACT = ${contract};\n${CODE}`;
}

const CODE = String.raw`
var COLUMNS = ['subject', 'data', 'data_base64'];
var JSON_COLUMNS = ['data', 'rest'];
var STORED = ['specversion', 'id', 'source', 'type'];
var LONE = /[\ud800-\udbff](?![\udc00-\udfff])|(?:^|[^\ud800-\udbff])[\udc00-\udfff]/;
var NONCHARACTER = /[\ufdd0-\ufdef\ufffe\uffff]|[\ud83f\ud87f\ud8bf\ud8ff\ud93f\ud97f\ud9bf\ud9ff\uda3f\uda7f\udabf\udaff\udb3f\udb7f\udbbf\udbff][\udffe\udfff]/;
var CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

var MAX_DEPTH = 500;
var LARGEST_ROW = 8.5e6;
var LONGEST_REASON = 300;
var LONGEST_LINE = 1e7;

function eventToRow(text) {
  var reason = 'the row is larger than 8.5 MB';
  try {
    var row = JSON.stringify(rowOf(text));
    if (bytesOf(row) <= LARGEST_ROW) return row;
  } catch (error) {
    reason = reasonOf(error);
  }
  // The dead-letter table has a message as a text, as bytes in base64, and with its attributes.
  if (bytesOf(JSON.stringify(text)) + bytesOf(text) * 1.4 + 3e5 <= LARGEST_ROW) throw new Error(reason);
  return JSON.stringify({ refused: reason, start: text.slice(0, 1e5).replace(/[\ud800-\udbff]$/, '') });
}

function reasonOf(error) {
  return String(error.message || error).slice(0, LONGEST_REASON);
}

function bytesOf(text) {
  var bytes = 0;
  for (var at = 0; at < text.length; at++) {
    var unit = text.charCodeAt(at);
    bytes += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 2 : 3;
  }
  return bytes;
}

function lineToRow(line) {
  try {
    var row = loadableRowOf(line);
  } catch (error) {
    return '';
  }
  var members = Object.keys(row).map(function (name) {
    return JSON.stringify(name) + ':' + (JSON_COLUMNS.indexOf(name) >= 0 ? row[name] : JSON.stringify(row[name]));
  });
  return '{' + members.join(',') + '}';
}

function lineToRefusal(line) {
  if (line.trim() === '') return '';
  try {
    loadableRowOf(line);
    return '';
  } catch (error) {
    var start = line.slice(0, LONGEST_LINE);
    return JSON.stringify({ timestamp: new Date().toISOString(), payloadString: start, errorMessage: reasonOf(error) });
  }
}

function loadableRowOf(line) {
  if (line.length > LONGEST_LINE) throw new Error('line is longer than 10,000,000 characters');
  var row = rowOf(line);
  JSON_COLUMNS.forEach(function (name) {
    var reason = row[name] && unloadable(row[name]);
    if (reason) throw new Error(name + ' ' + reason);
  });
  return row;
}

function unloadable(json) {
  var escapes = json.replace(/\\\\/g, '').replace(/\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}/g, '');
  if (/\\u[dD][89a-fA-F]/.test(escapes)) return 'has an unpaired surrogate';
  var isLong = numbersOf(json).some(function (number) {
    return /^\d{19,}$/.test(number) || number.length > 900;
  });
  if (isLong) return 'has an integer of over 18 digits, or a number of over 900 characters';
  var isLongName = false;
  json.replace(/("[^"\\]*(?:\\.[^"\\]*)*")\s*:/g, function (_, name) {
    isLongName = isLongName || name.length > 50000;
    return '';
  });
  return isLongName ? 'has a name of over 50,000 characters' : undefined;
}

function numbersOf(json) {
  var signs = json.replace(/"[^"\\]*(?:\\.[^"\\]*)*"/g, '""');
  return signs.match(/\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g) || [];
}

function requireShallow(text) {
  var depth = 0;
  var isText = false;
  for (var at = 0; at < text.length; at++) {
    var sign = text.charAt(at);
    if (sign === '"') isText = !isText;
    else if (isText) at += sign === '\\' ? 1 : 0;
    else if (sign === '}' || sign === ']') depth--;
    else if ((sign === '{' || sign === '[') && ++depth > MAX_DEPTH) throw new Error('event is nested more than 500 levels deep');
  }
}

function rowOf(text) {
  requireShallow(text);
  var event = JSON.parse(text);
  var raw = membersOf(text);
  var isEndless = numbersOf(text).some(function (number) {
    return !isFinite(Number(number));
  });
  var reason = isEndless ? 'a number is beyond 1.8e308' : refusalOf(CONTRACT, event, 'event') || attributesOf(event);
  if (reason) throw new Error(reason);
  var row = {
    event_id: event.id,
    event_source: event.source,
    event_type: event.type,
    event_time: timestampOf(event.time),
    row_index: 0,
    message_id: event.id,
    publish_time: timestampOf(event.time),
  };
  var rest = [];
  Object.keys(event).forEach(function (name) {
    if (STORED.indexOf(name) >= 0 || (name === 'time' && /:\d\d(\.\d{1,6})?Z$/.test(event.time))) return;
    if (name === 'data') row.data = raw.data;
    else if (event[name] === null) return;
    else if (COLUMNS.indexOf(name) >= 0) row[name] = event[name];
    else rest.push(JSON.stringify(name) + ':' + raw[name]);
  });
  if (rest.length > 0) row.rest = '{' + rest.join(',') + '}';
  return row;
}

function timestampOf(time) {
  var cut = time.replace(/(\.\d{6})\d+/, '$1');
  var parts = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?([+-])(\d\d):(\d\d)$/.exec(cut);
  if (!parts) return cut;
  var ahead = Number(parts[8] + '1') * (Number(parts[9]) * 60 + Number(parts[10]));
  var moment = new Date(0);
  moment.setUTCFullYear(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]));
  moment.setUTCHours(Number(parts[4]), Number(parts[5]) - ahead, Number(parts[6]));
  var year = moment.getUTCFullYear();
  if (year < 1 || year > 9999) throw new Error('time is outside of the years 1 to 9999 in UTC');
  return moment.toISOString().slice(0, 19) + (parts[7] || '') + 'Z';
}

function isOf(kind, value) {
  if (kind === 'null') return value === null;
  if (kind === 'array') return Array.isArray(value);
  if (kind === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  if (kind === 'integer') return typeof value === 'number' && Math.floor(value) === value;
  return typeof value === kind;
}

function refusalOf(schema, value, at) {
  var kinds = [].concat(schema.type || []);
  var isKnown = kinds.some(function (kind) {
    return isOf(kind, value);
  });
  if (kinds.length > 0 && !isKnown) return at + ' must be ' + kinds.join(' or ');
  if (schema['enum'] && schema['enum'].indexOf(value) < 0) return at + ' must be ' + schema['enum'].join(' or ');
  if (schema.not && !refusalOf(schema.not, value, at)) return at + ' must not have ' + (schema.not.required || []).join(' and ');
  if (typeof value === 'string') {
    var length = value.replace(/[\ud800-\udbff][\udc00-\udfff]/g, '_').length;
    if (length < schema.minLength || length > schema.maxLength) return at + ' is too short or too long';
    if (schema.pattern && !new RegExp(schema.pattern).test(value)) return at + ' does not match its pattern';
  }
  if (typeof value === 'number' && (value < schema.minimum || value > schema.maximum)) return at + ' is too small or too large';
  if (!isOf('object', value)) return undefined;
  var missing = (schema.required || []).filter(function (name) {
    return !Object.prototype.hasOwnProperty.call(value, name);
  });
  if (missing.length > 0) return at + ' must have ' + missing.join(' and ');
  var properties = schema.properties || {};
  return Object.keys(value).reduce(function (found, name) {
    var own = Object.prototype.hasOwnProperty.call(properties, name) ? properties[name] : schema.additionalProperties;
    return found || (own ? refusalOf(own, value[name], name) : undefined);
  }, undefined);
}

function attributesOf(event) {
  return Object.keys(event).reduce(function (found, name) {
    if (found || name === 'data') return found;
    if (!Object.prototype.hasOwnProperty.call(CONTRACT.properties, name) && !/^[a-z0-9]+$/.test(name)) {
      return 'an attribute name has other characters than a to z and 0 to 9';
    }
    var value = event[name];
    if (typeof value !== 'string' || !(CONTROL.test(value) || LONE.test(value) || NONCHARACTER.test(value))) return undefined;
    return name + ' must not contain control characters, unpaired surrogates or noncharacters';
  }, undefined);
}

function membersOf(text) {
  var members = Object.create(null);
  var open = [];
  var last;
  var name;
  var from;
  for (var at = 0; at < text.length; at++) {
    var sign = text.charAt(at);
    if (sign === '"') {
      var end = at + 1;
      while (text.charAt(end) !== '"') end += text.charAt(end) === '\\' ? 2 : 1;
      last = text.slice(at, end + 1);
      at = end;
    } else if (sign === ':') {
      var key = JSON.parse(last);
      var names = open[open.length - 1];
      if (key in names) throw new Error('a name is twice in an object');
      names[key] = true;
      if (open.length > 1) continue;
      name = key;
      from = at + 1;
    } else if (sign === '{' || sign === '[') {
      open.push(Object.create(null));
    } else if (sign === ',' || sign === '}' || sign === ']') {
      if (open.length === 1 && name !== undefined) members[name] = text.slice(from, at).trim();
      if (open.length === 1) name = undefined;
      if (sign !== ',') open.pop();
    }
  }
  return members;
}
`;
