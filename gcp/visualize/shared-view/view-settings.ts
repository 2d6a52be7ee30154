import { Token } from 'cdktf';
import type { IConstruct } from 'constructs';
import { requireText, requireTexts, SettingError, type TextRule } from '../../../shared/synth/settings';
import { MEMBERS } from '../../foundation/principal';
import type { Site } from '../../ports/site';
import type { SharedStore } from '../../ports/stores';

const NAME: TextRule = {
  pattern: /^[a-z][a-z0-9_]{0,39}$/,
  must: 'be 1 to 40 lower-case letters, digits and underscores',
  remedy: 'Start with a letter.',
};
const COLUMN: TextRule = {
  pattern: /^[A-Za-z_][A-Za-z0-9_]{0,299}$/,
  must: 'be names of columns',
  remedy: "Write them like ['event_time', 'data'].",
};
const CONDITION: TextRule = {
  pattern: /^(?=.*\S)[^;]+$/s,
  must: 'be one condition of GoogleSQL',
  remedy: "Write it like event_type = 'com.example.reading'.",
};

interface RawSettings {
  readonly site: Site;
  readonly store: SharedStore;
  readonly name?: string;
  readonly columns?: readonly string[];
  readonly where?: string;
  readonly readers?: readonly string[];
}

/**
 * The settings of a view, checked, with their defaults.
 * @throws SettingError
 */
export function viewSettings(scope: IConstruct, props: RawSettings) {
  const { site, store, name = 'shared', columns = [], where = 'TRUE', readers = [] } = props;
  requireText(scope, { name }, NAME);
  requireTexts(scope, { columns }, COLUMN);
  const twice = columns.find((column, place) => columns.findIndex((other) => other.toLowerCase() === column.toLowerCase()) < place);
  if (twice !== undefined)
    throw new SettingError(scope, 'columns must have each column once', `"${twice}" again`, 'Leave one of them out.');
  const hidden = columns.find((column) => store.protectedColumns?.some((name) => name.toLowerCase() === column.toLowerCase()));
  if (hidden !== undefined) {
    const remedy = 'A view for others cannot show it. Leave it out, and make its readers readers of the policy tag and of the store.';
    throw new SettingError(scope, 'columns must be columns without a policy tag', `"${hidden}"`, remedy);
  }
  requireText(scope, { where }, CONDITION);
  requireTexts(scope, { readers }, MEMBERS);
  if (store.region !== site.region && [store.region, site.region].every(isKnown)) {
    const rule = `a view must be in the region of its store, ${store.region}`;
    throw new SettingError(scope, rule, `"${site.region}"`, 'Give it the site of the store.');
  }
  return { name, columns, where, readers };
}

function isKnown(text: string): boolean {
  return !Token.isUnresolved(text) && !text.includes('${');
}
