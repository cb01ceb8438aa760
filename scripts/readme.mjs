// Fills the parts of README.md that come from the program: screens from the golden files of the tests, the option table
// from the built program. With --check it only says whether they are up to date.
import { spawnSync } from 'node:child_process';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const README = join(ROOT, 'README.md');
const BLOCK = /(<!-- (screen|options)(?::([\w-]+))? -->\n)[\s\S]*?(<!-- end -->)/g;

const before = readFileSync(README, 'utf8');
const after = before.replace(
  BLOCK,
  (_, begin, kind, name, end) => `${begin}${kind === 'screen' ? screen(name) : options()}${end}`,
);

if (!process.argv.includes('--check')) {
  writeFileSync(`${README}.new`, after);
  renameSync(`${README}.new`, README);
} else if (after !== before) {
  console.error('README.md does not show what the program shows: run node scripts/readme.mjs');
  process.exitCode = 1;
}

function screen(name) {
  const text = readFileSync(join(ROOT, 'test/golden', `${name}.txt`), 'utf8').trimEnd();
  return `\`\`\`text\n${text}\n\`\`\`\n`;
}

function options() {
  const program = join(ROOT, 'dist/iptraf-ts.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'options-table'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`iptraf-ts options-table failed (${status}): ${stderr}`);
  return stdout;
}
