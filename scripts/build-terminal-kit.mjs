// Lets esbuild bundle terminal-kit. The package loads its parts lazily through names in strings, which a bundler cannot
// see: here each becomes a literal `require`, still run on first use. What the program uses is input, keys and modes:
// pictures, colour spaces, widgets and the names of emoji are left out, which saves half of the file.
import { readFile } from 'node:fs/promises';

/** `name: './file.js'` inside lazy.requireProperties( … ) */
const LAZY_TABLE = /lazy\.requireProperties\(\s*termkit\s*,\s*\{([\s\S]*?)\}\s*\)/;
const LAZY_ENTRY = /(\w+)\s*:\s*('[^']+')/g;
const LAZY_ONE = /lazy\.requireProperty\(\s*termkit\s*,\s*'(\w+)'\s*,\s*('[^']+')\s*\)/g;
/** The package checks whether a bundler's variant was loaded before; inside a bundle it was not. */
const VARIANT_CHECK = /if \( process\.browser \|\|[\s\S]*?return ;\s*\}/;

/** Packages for pictures; widgets; terminal emulation; names of emoji. */
const LEFT_OUT_PACKAGES = /^(@cronvel\/get-pixels|ndarray)$/;
const LEFT_OUT_FILES =
  /terminal-kit\/lib\/(document\/\w+\.js|vte\/\w+\.js|termconfig\/README)$|string-kit\/lib\/json-data\/emoji-[\w-]+\.json$/;
/**
 * In place of the package for colours: on terminals with 16 colours the tables of sequences ask it, while they are
 * loaded, which colour is nearest. The program draws with its own sequences, so any answer will do.
 */
const NO_COLOURS = 'module.exports = { distance: () => 0 };';

export const terminalKit = {
  name: 'terminal-kit',
  setup(build) {
    build.onLoad({ filter: /terminal-kit\/lib\/termkit\.js$/ }, async ({ path }) => ({
      contents: literalRequires(await readFile(path, 'utf8')),
      loader: 'js',
    }));
    build.onLoad({ filter: LEFT_OUT_FILES }, () => ({ contents: '', loader: 'empty' }));
    build.onResolve({ filter: /^chroma-js$/ }, ({ path }) => ({ path, namespace: 'no-colours' }));
    build.onLoad({ filter: /.*/, namespace: 'no-colours' }, () => ({ contents: NO_COLOURS, loader: 'js' }));
    build.onResolve({ filter: LEFT_OUT_PACKAGES }, ({ path }) => ({ path, namespace: 'left-out' }));
    build.onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({ contents: '', loader: 'empty' }));
  },
};

function literalRequires(source) {
  const table = (_, entries) =>
    `lazy.properties( termkit , {${entries.replace(LAZY_ENTRY, '$1: () => require( $2 )')}} , true )`;
  const result = source
    .replace(VARIANT_CHECK, '')
    .replace(LAZY_TABLE, table)
    .replace(LAZY_ONE, "lazy.property( termkit , '$1' , () => require( $2 ) , true )");
  if (!result.includes("ScreenBuffer: () => require( './ScreenBuffer.js' )")) {
    throw new Error('terminal-kit has changed: scripts/build-terminal-kit.mjs no longer fits');
  }
  return result;
}
