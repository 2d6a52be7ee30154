import type { TextRule } from '../../../shared/synth/settings';

export const REPOSITORY: TextRule = {
  pattern: /^[A-Za-z0-9-]{1,39}[/][A-Za-z0-9_.-]{1,37}$/,
  must: 'be the owner and the name of a repository, of 39 and 37 characters at most',
  remedy: 'Write it like acme/data-platform. Google takes a subject of 127 bytes, and the repository is a part of it.',
};
export const REPOSITORY_ID: TextRule = {
  pattern: /^[0-9]{1,15}$/,
  must: 'be the number of the repository',
  remedy: 'See gh api repos/OWNER/NAME --jq .id.',
};
export const ENVIRONMENT: TextRule = {
  pattern: /^[A-Za-z0-9_.-]{1,27}$/,
  must: 'be the name of an environment of the repository: up to 27 letters, digits, dots, hyphens and underscores',
  remedy: 'Google takes a subject of 127 bytes, and the environment is a part of it.',
};
export const BUCKET: TextRule = {
  pattern: /^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/,
  must: 'be the name of a bucket',
  remedy: 'It is neither a URL nor a path: see gcloud storage buckets list.',
};
/** The start of the id of the pool. */
export const POOL_PREFIX: TextRule = {
  pattern: /^(?!gcp$)/,
  must: 'be another word than gcp',
  remedy: 'Google keeps ids of pools that start with gcp- for itself.',
};
