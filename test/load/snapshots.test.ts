/** How many snapshots a run of some seconds prints: its windows end on the clock. Needs root. */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildProgram, PROGRAM, temporaryHome } from '../support/program.ts';

const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)('a run on the loopback interface (needs root)', () => {
  const home = temporaryHome();

  beforeAll(buildProgram);
  afterAll(() => home.remove());

  it.each([
    [['--for', '1'], 1],
    [['--for', '1', '--every', '1'], 1],
    [['--for', '2', '--every', '0.5'], 4],
    [['--for', '0.3'], 1],
    [['-t', '0.02'], 1],
  ])('with %j prints as many snapshots as fit, and never none', (argv, snapshots) => {
    const env = { ...process.env, ...home.env };
    const { status, stdout } = spawnSync(process.execPath, [PROGRAM, '-i', 'lo', '--json', ...argv], {
      encoding: 'utf8',
      env,
      timeout: 20_000,
    });
    expect([status, stdout.trimEnd().split('\n').length]).toEqual([0, snapshots]);
  });
});
