// Runs the stages of `npm test` one after the other and stops at the first that fails. Checks count as one each; the
// test runs count as their own reports say. The last line is `N passed, N failed`, with `, N skipped` when some were.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const BIN = join(ROOT, 'node_modules/.bin');
const reports = mkdtempSync(join(tmpdir(), 'iptraf-ts-test-'));
const counts = { passed: 0, failed: 0, skipped: 0 };
const fuzzSeconds = process.env.CI ? '60' : '10';

const STAGES = [
  check('build', process.execPath, 'scripts/build.mjs'),
  check('lint', join(BIN, 'biome'), 'check', '--error-on-warnings', '.'),
  check('types', join(BIN, 'tsc'), '--noEmit'),
  check('rules', join(BIN, 'depcruise'), '--config', '.dependency-cruiser.cjs', 'src', 'screens', 'filters'),
  check('unused', join(BIN, 'knip')),
  check('readme', process.execPath, 'scripts/readme.mjs', '--check'),
  tests('unit'),
  tests('e2e'),
  tests('load'),
  check('fuzz', process.execPath, 'scripts/fuzz.mjs', '--seconds', fuzzSeconds),
];

const failedStage = STAGES.find((stage) => !run(stage));
rmSync(reports, { recursive: true, force: true });
if (failedStage !== undefined) console.log(`stage ${failedStage.name} failed`);
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
process.exitCode = failedStage === undefined ? 0 : 1;

function check(name, ...command) {
  return { name, command, report: null };
}

function tests(project) {
  const report = join(reports, `${project}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  return { name: project, command: [join(BIN, 'vitest'), 'run', '--project', project, ...reporters], report };
}

function run(stage) {
  console.log(`== ${stage.name}`);
  const began = Date.now();
  const { status } = spawnSync(stage.command[0], stage.command.slice(1), {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const passed = count(stage, status === 0);
  console.log(`== ${stage.name}: ${passed ? 'passed' : 'failed'} in ${((Date.now() - began) / 1000).toFixed(1)} s`);
  return passed;
}

/** Adds a stage to the counts and says whether it passed. */
function count(stage, exitedWell) {
  const result = stage.report === null ? null : readReport(stage.report);
  if (result === null) {
    counts[exitedWell ? 'passed' : 'failed'] += 1;
    return exitedWell;
  }
  counts.passed += result.numPassedTests;
  // A test file that does not load fails without a test of its own; so does an error between tests.
  const failed = Math.max(result.numFailedTests, exitedWell ? 0 : 1);
  counts.failed += failed;
  counts.skipped += result.numPendingTests + result.numTodoTests;
  return failed === 0;
}

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}
