import { ResourceGroup } from '@cdktf/provider-azurerm/lib/resource-group';
import { App, TerraformResource, TerraformStack, Testing } from 'cdktf';
import { factsOf } from '../shared/read/facts/find';
import { type TerraformJson, TfStack } from '../shared/read/tf';
import { terraformChanges } from '../shared/read/tf-changes';
import { type Blueprint, build, findBlueprints } from '../shared/synth/blueprints';
import { temporaryFolder } from './support/folder';

const outdir = temporaryFolder();
const synthesize = (blueprint: Blueprint): TerraformJson =>
  JSON.parse(Testing.synth(build(new App({ outdir, skipValidation: true }), blueprint, {}) as TerraformStack));

/**
 * Synthesize as if each construct with resources had moved or had another id. The addresses of variables and data sources stay, and that
 * of the resource group: Azure and the provider refuse to delete one that is not empty, so a move of the site fails without a loss.
 */
function synthesizeMoved(blueprint: Blueprint): TerraformJson {
  const { getLogicalId } = TerraformStack.prototype;
  const moved = jest.spyOn(TerraformStack.prototype, 'getLogicalId').mockImplementation(function (this: TerraformStack, one) {
    const id = getLogicalId.call(this, one);
    return TerraformResource.isTerraformResource(one) && !(one instanceof ResourceGroup) ? `Moved_${id}` : id;
  });
  try {
    return synthesize(blueprint);
  } finally {
    moved.mockRestore();
  }
}

/** The names of all resources. A name can contain an attribute of another resource. */
const namesOf = (json: TerraformJson, cloud: string) =>
  new TfStack(json).all
    .flatMap((one) => one.get(factsOf(cloud).type(one.type)?.named?.[0] ?? 'name').map((name) => `${one.type} ${name}`))
    .map((line) => line.replaceAll('.Moved_', '.'))
    .sort();

describe.each(findBlueprints(['azure', 'gcp']).map((blueprint) => [`${blueprint.cloud} ${blueprint.name}`, blueprint] as const))(
  '%s with each construct moved',
  (_, blueprint) => {
    const { cloud } = blueprint;
    let plain: TerraformJson;
    let moved: TerraformJson;
    beforeAll(() => {
      [plain, moved] = [synthesize(blueprint), synthesizeMoved(blueprint)];
    });

    test('has what is protected from deletion at the same address', () => {
      const protectedIn = (json: TerraformJson) => new TfStack(json).all.filter(({ retained }) => retained).map(({ id }) => id);
      expect(protectedIn(moved)).toEqual(protectedIn(plain));
    });

    test('has other addresses, but a deploy deletes and replaces nothing that holds data', () => {
      const changes = terraformChanges(plain, moved, factsOf(cloud));
      expect(changes.map(({ fate }) => fate)).toContain('deleted');
      expect(changes.filter(({ data }) => data !== undefined)).toEqual([]);
    });

    test('has the same names', () => expect(namesOf(moved, cloud)).toEqual(namesOf(plain, cloud)));
  },
);
