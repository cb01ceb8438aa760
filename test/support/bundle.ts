/**
 * Bundles a TypeScript program for a process of its own (Node 20 runs no TypeScript). The result lies beneath the
 * repository, so that packages resolve from there; the same input is bundled once per test run.
 */
import { mkdirSync, renameSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { build } from 'esbuild';

const CACHE = resolve(import.meta.dirname, '../../node_modules/.cache/iptraf-ts-test');
const bundles = new Map<string, Promise<string>>();

/** Packages as they lie in node_modules; or all in the one file, which then starts in half the time. */
export type Packages = 'external' | 'bundle';

/** Path of the bundled program; `entry` is relative to the repository. */
export function bundle(entry: string, packages: Packages = 'external'): Promise<string> {
  const key = `${entry} ${packages}`;
  const known = bundles.get(key);
  if (known !== undefined) return known;
  const made = bundleNow(entry, packages);
  bundles.set(key, made);
  return made;
}

/** Packages of CommonJS ask for Node's own modules by require. */
const REQUIRE =
  "import { createRequire as requireOf } from 'node:module';\nconst require = requireOf(import.meta.url);";

async function bundleNow(entry: string, packages: Packages): Promise<string> {
  mkdirSync(CACHE, { recursive: true });
  const outfile = join(CACHE, `${basename(entry, '.ts')}.${packages}.mjs`);
  const unfinished = `${outfile}.${process.pid}`;
  await build({
    entryPoints: [resolve(import.meta.dirname, '../..', entry)],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages,
    // Native code is no part of a bundle.
    external: ['koffi'],
    mainFields: ['module', 'main'],
    banner: packages === 'bundle' ? { js: REQUIRE } : {},
    outfile: unfinished,
  });
  // Test files that run at the same time make the same file: whoever reads it sees a whole one.
  renameSync(unfinished, outfile);
  return outfile;
}
