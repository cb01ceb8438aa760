/** `filter edit NAME`: the filter as JSON in the operator's editor, checked before it is saved. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { isatty } from 'node:tty';
import type { Filter } from '../../../filters/filter.ts';
import type { NamedFilter } from '../../../filters/ready-made.ts';
import { FILTER_SCHEMA, filterFieldProblems } from '../../../filters/schema.ts';
import type { FilterStore } from '../../../filters/store.ts';
import { OperatorError } from '../../base/errors.ts';
import { parseDocument } from '../../store/validation.ts';
import { complain } from '../fail.ts';

/** Tried in this order where $VISUAL and $EDITOR say nothing. */
const EDITORS = ['vi', 'nano'];
const OWNER_ONLY = 0o600;

/**
 * What the command prints. Rejects with an OperatorError; then the stored filters are as they were, and what the operator
 * wrote is kept where the message says.
 */
export async function editFilter(store: FilterStore, { filter, readyMade }: NamedFilter): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-edit-'));
  const path = join(folder, 'filter.json');
  writeFileSync(path, textOf(filter), { mode: OWNER_ONLY });
  try {
    const edited = await editUntilSound(filter, path);
    if (edited !== null) await store.save(edited, filter.name, readyMade ? null : filter);
    rmSync(folder, { recursive: true, force: true });
    return edited === null ? `filter ${filter.name} stays as it was\n` : `filter ${edited.name} is in ${store.path}\n`;
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    if (existsSync(path) && readFileSync(path, 'utf8') !== textOf(filter)) throw keptIn(path, error);
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

function keptIn(path: string, { fields }: OperatorError): OperatorError {
  return new OperatorError({ ...fields, remedy: `nothing was changed; what you wrote is in ${path}` });
}

function textOf(filter: Filter): string {
  return `${JSON.stringify(filter, null, 2)}\n`;
}

/** null: nothing was changed. */
async function editUntilSound(filter: Filter, path: string): Promise<Filter | null> {
  for (;;) {
    await openEditor(path, filter.name);
    if (!existsSync(path)) throw failure(filter.name, 'the editor has removed the file');
    const text = readFileSync(path, 'utf8');
    if (text === textOf(filter)) return null;
    const { value, problems } = parseDocument<Filter>(text, FILTER_SCHEMA, (edited) => filterFieldProblems(edited));
    if (value !== null && problems.length === 0) return value;
    for (const problem of problems) complain(problem);
    if (!(await asksAgain())) throw failure(filter.name, problems.length === 1 ? 'it has a fault' : 'it has faults');
  }
}

async function openEditor(path: string, name: string): Promise<void> {
  const editor = editorCommand(name);
  // By the shell: $EDITOR may have arguments ("code --wait").
  const child = spawn('sh', ['-c', `${editor} "$1"`, 'sh', path], { stdio: 'inherit' });
  const [status, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (status === 0) return;
  throw failure(name, `the editor ${editor} ended ${signal === null ? `with status ${status}` : `by ${signal}`}`);
}

function editorCommand(name: string): string {
  const { VISUAL, EDITOR } = process.env;
  const found =
    VISUAL || EDITOR || EDITORS.find((editor) => spawnSync('sh', ['-c', `command -v ${editor}`]).status === 0);
  if (found !== undefined) return found;
  throw failure(name, `no editor is here (${EDITORS.join(', ')})`, 'name one: EDITOR=PROGRAM');
}

/** false also where nobody can be asked. */
async function asksAgain(): Promise<boolean> {
  if (!isatty(0)) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question('Edit it again? [Y/n] ');
  terminal.close();
  return !/^n/i.test(answer.trim());
}

function failure(target: string, cause: string, remedy = 'nothing was changed'): OperatorError {
  return new OperatorError({ code: 'E_STORE', operation: 'edit filter', target, cause, remedy });
}
