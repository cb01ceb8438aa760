// What a report's page (iptraf-ts report --html) carries inside: its style, and its script with the plotting library
// bundled, as JSON with their hashes for the page's content security policy. src/reports/html-report.ts reads it.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const PAGE = join(dirname(dirname(fileURLToPath(import.meta.url))), 'src/reports/page');
const LIBRARY_STYLE = createRequire(import.meta.url).resolve('uplot/dist/uPlot.min.css');

/** The file's text. */
export async function reportPage() {
  const style = `${await bundle('page.css', 'css', readFileSync(LIBRARY_STYLE, 'utf8'))}`;
  const script = await bundle('page.js', 'js', licence());
  return JSON.stringify({ style, styleHash: hash(style), script, scriptHash: hash(script) });
}

/** The library's licence asks to go with it. */
function licence() {
  const text = readFileSync(join(dirname(LIBRARY_STYLE), '../LICENSE'), 'utf8');
  return `/* uPlot\n${text.trim()}\n*/`;
}

async function bundle(name, kind, banner) {
  const { outputFiles, warnings } = await build({
    entryPoints: [join(PAGE, name)],
    bundle: true,
    format: 'iife',
    target: ['es2022', 'chrome111', 'firefox113', 'safari16.4'],
    minify: true,
    legalComments: 'none',
    banner: { [kind]: banner },
    logLevel: 'warning',
    write: false,
  });
  if (warnings.length > 0) throw new Error('the bundler warned: warnings are errors');
  const { text } = outputFiles[0];
  // The page's parser ends a script at the first "</script", wherever it stands.
  if (/<\/(script|style)|<!--/i.test(text)) throw new Error(`${name} cannot stand inside a page`);
  return text;
}

function hash(text) {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
