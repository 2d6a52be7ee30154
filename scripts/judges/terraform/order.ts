import { type Facts, unknownType } from '../../../shared/read/facts/find';
import type { Finding } from '../judge';
import type { Model } from './model';

/** Every API that a resource needs is switched on before it, and stays on. */
export function apis({ blocks: all, before }: Model, facts: Facts): Finding[] {
  const google = [...all.values()].filter(({ type }) => type.startsWith('google_'));
  const services = google.filter(({ type }) => type === 'google_project_service');
  const on = services.flatMap(({ body }) => `${body.for_each} ${body.service}`.match(/[a-z]+(?=\.googleapis\.com)/g) ?? []);
  const findings = google.flatMap(({ address, type }): Finding[] => {
    const known = facts.type(type);
    if (!known) return [{ rule: 'api', where: address, what: unknownType(type) }];
    if (!known.apis) return [{ rule: 'api', where: address, what: `${known.folder}/facts.ts must say which APIs ${type} needs.` }];
    return known.apis
      .filter((api) => !on.includes(api))
      .map((api) => ({ rule: 'api', where: address, what: `The API ${api} is not switched on.` }));
  });
  const early = google
    .filter(({ address, type }) => type !== 'google_project_service' && !services.some((service) => before(address).has(service.address)))
    .map(({ address }) => ({ rule: 'api', where: address, what: 'It does not wait until the APIs are on.' }));
  const leaving = services
    .filter(({ body }) => body.disable_on_destroy !== false)
    .map(({ address }) => ({ rule: 'api', where: address, what: 'disable_on_destroy takes an API from others in the project.' }));
  return [...findings, ...early, ...leaving];
}

/** What acts under an identity waits until the identity has all of its permissions, unless the permission is for itself. */
export function grants({ blocks: all, before, refers }: Model, facts: Facts): Finding[] {
  const given = [...all.values()].flatMap(({ address, type }) => {
    const to = /^azurerm_(\w+_)?role_assignment$/.test(type) ? 'principal_id' : type.endsWith('_iam_member') ? 'member' : undefined;
    return to === undefined ? [] : refers(address, to).map((identity) => ({ address, identity }));
  });
  return [...all.values()].flatMap((block) => {
    const identities = (facts.type(block)?.actsAs ?? []).flatMap((setting) => refers(block.address, setting));
    const earlier = before(block.address);
    return given
      .filter(({ address, identity }) => identities.includes(identity) && !earlier.has(address) && !before(address).has(block.address))
      .map(({ address }) => ({ rule: 'order', where: block.address, what: `It does not wait for ${address}, which it needs.` }));
  });
}
