/**
 * The soak (scripts/soak) as far as a test has time for it: new TCP connections in a constant stream, the log rotated
 * again and again, and at the end exactly one final record for every connection that was made.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { namespacesUnavailable } from '../support/namespaces.ts';
import { ROOT } from '../support/program.ts';

const CONNECTIONS = 2000;
const SECONDS = 50;
/**
 * Until then V8 sizes its heap, which takes some blocks of the log, and on a slow machine half a minute; seen over three
 * minutes, nothing grows after that.
 */
const WARM_UP_SECONDS = 25;
const INTERVAL_SECONDS = 1;

const reason = namespacesUnavailable();

it.skipIf(reason !== null)(
  `records every one of ${CONNECTIONS} connections a second while its log is rotated, in flat memory${reason === null ? '' : ` (skipped: ${reason})`}`,
  () => {
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [
        join(ROOT, 'scripts/soak/soak.mjs'),
        ...['--seconds', String(SECONDS), '--connections', String(CONNECTIONS)],
        ...['--rotate-every', '3', '--warm-up', String(WARM_UP_SECONDS), '--interval', String(INTERVAL_SECONDS)],
      ],
      { encoding: 'utf8', timeout: 90_000 },
    );
    const verdict = JSON.parse(stdout === '' ? `{"faults":${JSON.stringify([stderr])}}` : stdout);
    expect(verdict.faults).toEqual([]);
    expect(verdict.rotations).toBeGreaterThan(5);
    expect(verdict.connections).toBeGreaterThan(0);
    expect(verdict.recorded).toBe(verdict.connections);
  },
  100_000,
);
