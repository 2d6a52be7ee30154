import { App, TerraformStack, TerraformVariable } from 'cdktf';
import { temporaryFolder } from '../support/folder';
import { holdBlueprintRefusals, holdRefusals } from '../support/refusals';

const newApp = () => new App({ outdir: temporaryFolder(), skipValidation: true });
const stack = new TerraformStack(newApp(), 'test');
const late = new TerraformVariable(stack, 'late', {});

holdRefusals('azure', stack, { late: [late.numberValue, '${var.late}'] });

holdBlueprintRefusals('azure', newApp, { notify: 'texts', tags: ['x', 5, [], { 'a/b': 'c' }, { a: 5 }] });
