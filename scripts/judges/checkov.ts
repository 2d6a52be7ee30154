import { statSync } from 'node:fs';
import path from 'node:path';
import { pythonTool, runSealed } from './python';

/** One check of checkov on one resource. */
export interface Check {
  readonly id: string;
  /** Such as `AWS::S3::Bucket.Lake` or `google_storage_bucket.lake`. */
  readonly resource: string;
  /** What the check asks for, in a line. */
  readonly name: string;
  /** The file that it stands in, within the folder. */
  readonly file: string;
}

/** What checkov said of a file or a folder. */
export interface CheckovReport {
  readonly version: string;
  readonly passed: readonly Check[];
  readonly failed: readonly Check[];
  /** Checks that the template itself skips, each with the reason it gives. */
  readonly skipped: readonly (Check & { readonly reason: string })[];
}

/** What we read of the report that checkov prints. */
interface Printed {
  readonly summary?: { readonly parsing_errors: number; readonly checkov_version: string };
  readonly results?: Readonly<Record<'passed_checks' | 'failed_checks' | 'skipped_checks' | 'parsing_errors', readonly PrintedCheck[]>>;
}

interface PrintedCheck {
  readonly check_id: string;
  readonly check_name: string;
  readonly file_path: string;
  readonly resource: string;
  readonly check_result: { readonly suppress_comment?: string };
}

/**
 * Run checkov without its call home, and without any settings that lie on this machine.
 * @param fileOrFolder what to look at
 * @param framework such as `cloudformation` or `terraform_json`
 * @throws Unavailable where it cannot be installed
 */
export async function runCheckov(fileOrFolder: string, framework: string): Promise<CheckovReport> {
  const subject = path.resolve(fileOrFolder);
  const bin = await pythonTool('requirements.lock.txt');
  const { stdout, stderr, status } = await runSealed(
    path.join(bin, 'python3'),
    [
      // Its own first line names the Python, and cannot where there is a space in the path.
      path.join(bin, 'checkov'),
      ...[statSync(subject).isDirectory() ? '--directory' : '--file', subject],
      ...['--framework', framework, '--output', 'json', '--compact', '--soft-fail', '--skip-download'],
    ],
    { CKV_SKIP_PACKAGE_UPDATE_CHECK: 'true' },
  );
  if (status !== 0) throw new Error(`checkov ended with ${status}: ${stderr.trim().split('\n').at(-1)}`);
  const { summary, results } = JSON.parse(stdout) as Printed;
  if (!summary || !results || summary.parsing_errors > 0) throw new Error(`checkov could not read ${subject} as ${framework}`);

  const check = ({ check_id: id, resource, check_name: name, file_path }: PrintedCheck): Check => {
    return { id, resource, name, file: file_path.replace(/^\//, '') };
  };
  return {
    version: summary.checkov_version,
    passed: sorted(results.passed_checks.map(check)),
    failed: sorted(results.failed_checks.map(check)),
    skipped: sorted(results.skipped_checks.map((skipped) => ({ ...check(skipped), reason: skipped.check_result.suppress_comment ?? '' }))),
  };
}

/** checkov asks some of its questions at the same time, and tells the answers as they come. */
function sorted<One extends Check>(checks: One[]): One[] {
  const key = ({ file, resource, id }: One) => `${file} ${resource} ${id}`;
  return checks.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
