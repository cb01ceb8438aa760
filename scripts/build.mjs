// Builds dist/: the program, the engine, the child that holds libpcap, and what the built program prints about itself
// (man page, completions). Files are replaced one by one, atomically, and old chunks stay for a day: a program that
// runs from dist/ while it is rebuilt still finds what it loads late.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { reportPage } from './build-report-page.mjs';
import { terminalKit } from './build-terminal-kit.mjs';
import { vendorFile } from './build-vendors.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const DIST = join(ROOT, 'dist');
const DAY = 86_400_000;

/** Output name -> source. Chunks lie beside the entries: `new URL('./engine.js', import.meta.url)` works in every file. */
const ENTRIES = {
  'iptraf-ts': 'src/main.ts',
  engine: 'src/engine/engine-process.ts',
  'pcap-child': 'src/capture/pcap/pcap-child.ts',
};

/** Native packages: they load a file of their own folder and stay outside of the bundle. */
const EXTERNAL = ['koffi', 'pcap'];

/** CommonJS packages inside the bundle still ask for Node's own modules through `require`. */
const REQUIRE =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

const started = new Date();
const files = await bundle();
mkdirSync(DIST, { recursive: true });
for (const { path, contents } of files) replaceFile(path, contents);
chmodSync(join(DIST, 'iptraf-ts.js'), 0o755);
removeOldChunks(new Set(files.map((file) => file.path)));
// Beside the chunk that reads it (src/names/vendors.ts).
replaceFile(join(DIST, 'vendors.bin'), vendorFile());
// Beside the chunk that reads it (src/reports/html-report.ts).
replaceFile(join(DIST, 'report-page.json'), await reportPage());
writeDocuments();
copySchemas();
// The stamp bears the time the build began: what was edited meanwhile counts as newer.
replaceFile(join(DIST, '.stamp'), '');
utimesSync(join(DIST, '.stamp'), started, started);

async function bundle() {
  const result = await build({
    absWorkingDir: ROOT,
    entryPoints: ENTRIES,
    outdir: 'dist',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    chunkNames: '[name]-[hash]',
    external: EXTERNAL,
    // Its CommonJS form finds its own parts through a `require` that no bundler can follow.
    alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
    banner: { js: REQUIRE },
    legalComments: 'none',
    minifySyntax: true,
    minifyWhitespace: true,
    plugins: [terminalKit],
    logLevel: 'warning',
    write: false,
  });
  if (result.warnings.length > 0) throw new Error('the bundler warned: warnings are errors');
  return result.outputFiles.map(({ path, text }) => ({
    path,
    contents: path.endsWith('/iptraf-ts.js') ? withShebang(text) : text,
  }));
}

function withShebang(text) {
  return text.startsWith('#!') ? text : `#!/usr/bin/env node\n${text}`;
}

function replaceFile(path, contents) {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, contents);
  renameSync(temporary, path);
}

function removeOldChunks(current) {
  for (const name of readdirSync(DIST)) {
    const path = join(DIST, name);
    const old = name.endsWith('.tmp') || (name.endsWith('.js') && !current.has(path));
    if (old && Date.now() - statSync(path).mtimeMs > DAY) rmSync(path, { force: true });
  }
}

/** The option table prints its own man page and completions: what is installed cannot disagree with --help. */
function writeDocuments() {
  replaceFile(join(DIST, 'man/iptraf-ts.8'), printed('man'));
  replaceFile(join(DIST, 'completions/iptraf-ts.bash'), printed('completion', 'bash'));
  replaceFile(join(DIST, 'completions/_iptraf-ts'), printed('completion', 'zsh'));
  replaceFile(join(DIST, 'completions/iptraf-ts.fish'), printed('completion', 'fish'));
}

function printed(...command) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(DIST, 'iptraf-ts.js'), ...command], {
    encoding: 'utf8',
  });
  if (status !== 0 || stdout === '') throw new Error(`iptraf-ts ${command.join(' ')} failed (${status}): ${stderr}`);
  return stdout;
}

function copySchemas() {
  const schemas = join(ROOT, 'schemas');
  if (existsSync(schemas)) cpSync(schemas, join(DIST, 'schemas'), { recursive: true });
}
