import { Aspects, TerraformResource } from 'cdktf';
import type { IConstruct } from 'constructs';
import { SettingError } from '../../shared/synth/settings';

const MAX_TAGS = 50;

/**
 * Add tags to every resource below `scope` that supports tags. If a resource has a tag of the same name, it keeps its own value.
 * @throws SettingError if there are more tags than Azure accepts, or if a name or a value is not valid
 * @see https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources
 */
export function tagAll(scope: IConstruct, tags: Readonly<Record<string, string>>) {
  const isTag = ([name, value]: readonly [string, unknown]) =>
    /^[^<>%&\\?/]{1,128}$/.test(name) && typeof value === 'string' && value.length <= 256;
  const given = typeof tags === 'object' && tags !== null && !Array.isArray(tags) ? Object.entries(tags) : undefined;
  const wrong = given?.find((tag) => !isTag(tag));
  if (!given || wrong || given.length > MAX_TAGS) {
    const got = wrong ? JSON.stringify(wrong[0].slice(0, 100)) : given ? `${given.length} tags` : 'something else';
    const rule = `tags must be at most ${MAX_TAGS} texts of up to 256 characters, with names of up to 128 characters without any of <>%&\\?/`;
    throw new SettingError(scope, rule, got, 'Write them like { team: "press" }.');
  }
  Aspects.of(scope).add({
    visit: (node) => {
      if (TerraformResource.isTerraformResource(node) && isTaggable(node)) node.tags = { ...tags, ...node.tagsInput };
    },
  });
}

/** Whether the resource type supports tags. */
function isTaggable(node: object): node is { tags: Record<string, string>; tagsInput?: Record<string, string> } {
  return 'tagsInput' in node;
}
