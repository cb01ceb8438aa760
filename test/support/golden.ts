/**
 * Golden files: what people see, as text under test/golden. UPDATE_GOLDEN=1 writes them anew; a missing file fails the
 * test, so that nothing passes unseen.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';

const FOLDER = join(import.meta.dirname, '..', 'golden');

/** Compares a text with the golden file of this name (with its ending: "menu-80x24.txt"). */
export function expectGolden(name: string, text: string): void {
  const path = join(FOLDER, name);
  if (process.env.UPDATE_GOLDEN === '1') {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return;
  }
  let golden: string;
  try {
    golden = readFileSync(path, 'utf8');
  } catch {
    throw new Error(`golden file ${name} is missing: run with UPDATE_GOLDEN=1 and read what it wrote`);
  }
  expect(text, `differs from test/golden/${name} (UPDATE_GOLDEN=1 writes it anew)`).toBe(golden);
}
