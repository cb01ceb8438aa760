// Fuzzing: mutated fixtures and noise through every reader of foreign bytes (test/fuzz). Ends with status 1 and the seed
// when something fails. Options: --seconds N (default 60), --seed N (default: another one each time), --cases N.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildSync } from 'esbuild';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    cases: { type: 'string' },
  },
});

// Below node_modules, so that native packages are found.
const cache = join(ROOT, 'node_modules/.cache');
mkdirSync(cache, { recursive: true });
const folder = mkdtempSync(join(cache, 'fuzz-'));
try {
  const outfile = join(folder, 'fuzz.mjs');
  buildSync({
    entryPoints: [join(ROOT, 'test/fuzz/main.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['koffi'],
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  const limits = values.cases === undefined ? [] : [values.cases];
  const { status } = spawnSync(
    process.execPath,
    ['--enable-source-maps', outfile, ROOT, values.seconds, values.seed, ...limits],
    { stdio: 'inherit' },
  );
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
