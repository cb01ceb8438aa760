/**
 * Bundles a TypeScript program for a process of its own (Node 20 runs no TypeScript). The result lies beneath the
 * repository, so that packages resolve from there; the same input is bundled once per test run.
 */
import { mkdirSync, renameSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { build } from 'esbuild';

const CACHE = resolve(import.meta.dirname, '../../node_modules/.cache/iptraf-ts-test');
const bundles = new Map<string, Promise<string>>();

/** Path of the bundled program; `entry` is relative to the repository. */
export function bundle(entry: string): Promise<string> {
  const known = bundles.get(entry);
  if (known !== undefined) return known;
  const made = bundleNow(entry);
  bundles.set(entry, made);
  return made;
}

async function bundleNow(entry: string): Promise<string> {
  mkdirSync(CACHE, { recursive: true });
  const outfile = join(CACHE, `${basename(entry, '.ts')}.mjs`);
  const unfinished = `${outfile}.${process.pid}`;
  await build({
    entryPoints: [resolve(import.meta.dirname, '../..', entry)],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    outfile: unfinished,
  });
  // Test files that run at the same time make the same file: whoever reads it sees a whole one.
  renameSync(unfinished, outfile);
  return outfile;
}
