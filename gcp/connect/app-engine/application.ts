import { AppEngineApplication } from '@cdktf/provider-google/lib/app-engine-application';
import { Fn } from 'cdktf';
import type { Construct } from 'constructs';
import { keepAddress, takeName } from '../../../shared/synth/kept-name';
import type { Site } from '../../ports/site';

/** Two regions have another name in App Engine. */
const LOCATIONS = { 'europe-west1': 'europe-west', 'us-central1': 'us-central' };

/**
 * The application of a project, if it is to be made, in the region of the site. Terraform never deletes it: Google cannot.
 * @see https://cloud.google.com/appengine/docs/standard/locations
 */
export function applicationOf(
  scope: Construct,
  { project, region, waitFor }: Site,
  application: 'existing' | 'create',
): AppEngineApplication[] {
  if (application === 'existing') return [];
  takeName(scope, 'application of a project', 'App Engine', [project], 'Set application of all but one to existing.');
  const made = new AppEngineApplication(scope, 'Application', {
    project,
    locationId: Fn.lookup(LOCATIONS, region, region),
    lifecycle: { preventDestroy: true },
    dependsOn: [...waitFor],
  });
  keepAddress(made, 'app-engine');
  return [made];
}
