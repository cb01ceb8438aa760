import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JsonDocument } from '../../src/store/document.ts';
import { bundle } from '../support/bundle.ts';

interface Notes {
  version: number;
  notes: { text: string; stars: number }[];
  colour?: string;
}

const schema = {
  type: 'object',
  required: ['version', 'notes'],
  additionalProperties: false,
  properties: {
    version: { type: 'integer' },
    colour: { type: 'string', enum: ['red', 'blue'] },
    notes: {
      type: 'array',
      items: {
        type: 'object',
        required: ['text', 'stars'],
        properties: { text: { type: 'string' }, stars: { type: 'integer', maximum: 5 } },
      },
    },
  },
};

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-store-'));
  path = join(folder, 'deep/notes.json');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function open(at = path): JsonDocument<Notes> {
  return new JsonDocument<Notes>({ path: at, schema, defaults: () => ({ version: 1, notes: [] }), title: 'notes' });
}

function names(): string[] {
  return readdirSync(folder).sort();
}

describe('a JSON document', () => {
  it('has its defaults where there is no file, and writes none', async () => {
    expect(await open().read()).toEqual({ version: 1, notes: [] });
    expect(names()).toEqual([]);
  });

  it('keeps what was changed, for its owner alone', async () => {
    await open().update((notes) => notes.notes.push({ text: 'a', stars: 1 }));
    expect(await open().read()).toEqual({ version: 1, notes: [{ text: 'a', stars: 1 }] });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, 'deep')).sort()).toEqual(['notes.json', 'notes.json.lock']);
  });

  it('stays for its owner alone although the file was open to all', async () => {
    path = join(folder, 'notes.json');
    writeFileSync(path, '{"version":1,"notes":[]}');
    chmodSync(path, 0o644);
    await open().update((notes) => notes.notes.push({ text: 'a', stars: 1 }));
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('follows a symbolic link and leaves it there', async () => {
    const real = join(folder, 'real.json');
    path = join(folder, 'notes.json');
    writeFileSync(real, '{"version":1,"notes":[]}');
    symlinkSync(real, path);
    await open().update((notes) => notes.notes.push({ text: 'linked', stars: 1 }));
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    expect(JSON.parse(readFileSync(real, 'utf8')).notes[0].text).toBe('linked');
  });

  it('refuses a change that breaks the schema, and keeps the file as it was', async () => {
    await open().update((notes) => notes.notes.push({ text: 'a', stars: 1 }));
    const before = readFileSync(path, 'utf8');
    await expect(open().update((notes) => notes.notes.push({ text: 'b', stars: 9 }))).rejects.toThrow(
      /cannot change notes .*: \/notes\/1\/stars must be <= 5/,
    );
    expect(readFileSync(path, 'utf8')).toBe(before);
  });
});

describe('what a killed process has left', () => {
  it('goes with the next change; what only looks like it stays', async () => {
    await open().update((notes) => notes.notes.push({ text: 'a', stars: 1 }));
    const deep = join(folder, 'deep');
    const others = ['.notes.json.old', '.notes.json.12.abc', '.other.json.12.0123abcd', 'notes.json.12.0123abcd'];
    for (const name of ['.notes.json.12.0123abcd', ...others]) writeFileSync(join(deep, name), 'half of');
    await open().update((notes) => notes.notes.push({ text: 'b', stars: 1 }));
    expect(readdirSync(deep).sort()).toEqual(['notes.json', 'notes.json.lock', ...others].sort());
  });
});

describe('a damaged JSON document', () => {
  beforeEach(() => {
    path = join(folder, 'notes.json');
  });

  it.each([
    ['', ['line 1: the file is empty']],
    ['{"version":1,\n"notes":[}', ['line 2: not JSON (ValueExpected)']],
    ['{"version":1,\n"notes":[\n', ['line 3: not JSON (CloseBracketExpected)']],
    ['[]', ['line 1: the document must be object']],
    [
      '{\n "version": 1,\n "colour": "green",\n "notes": [\n  {"text": "a",\n   "stars": 7},\n  {"text": 3}\n ],\n "more": 1\n}',
      [
        "line 7: /notes/1 must have required property 'stars'",
        'line 6: /notes/0/stars must be <= 5',
        'line 7: /notes/1/text must be string',
        'line 3: /colour must be one of red, blue',
        'line 9: /more is not a known field',
      ],
    ],
  ])('is set aside and every problem named: %j', async (text, problems) => {
    writeFileSync(path, text);
    const document = open();
    expect(await document.read()).toEqual({ version: 1, notes: [] });
    const [aside] = names();
    expect(names()).toHaveLength(1);
    expect(aside).toMatch(/^notes\.json\.damaged-\d{8}T\d{6}Z$/);
    expect(readFileSync(join(folder, aside), 'utf8')).toBe(text);
    const [warning] = document.warnings;
    expect(warning).toContain(`was moved to ${join(folder, aside)}: `);
    for (const problem of problems) expect(warning).toContain(problem);
    expect(warning.split('; ')).toHaveLength(problems.length);
  });

  it('is looked at without being touched', async () => {
    expect(await open().peek()).toEqual({ version: 1, notes: [] });
    writeFileSync(path, '{');
    expect(await open().peek()).toEqual({ version: 1, notes: [] });
    expect(names()).toEqual(['notes.json']);
    writeFileSync(path, '{"version":1,"notes":[{"text":"a","stars":2}]}');
    expect((await open().peek()).notes).toHaveLength(1);
  });

  it('does not push out another one that was set aside in the same second', async () => {
    for (const text of ['one', 'two', 'three']) {
      writeFileSync(path, text);
      await open().read();
    }
    const kept = names().map((name) => readFileSync(join(folder, name), 'utf8'));
    expect(kept.sort()).toEqual(['one', 'three', 'two']);
  });

  it('of a newer program is left alone', async () => {
    writeFileSync(path, '{"version":2,"notes":{}}');
    await expect(open().read()).rejects.toThrow(/newer version of the program \(document version 2\)/);
    await expect(open().update(() => undefined)).rejects.toThrow(/newer version/);
    expect(names().filter((name) => !name.endsWith('.lock'))).toEqual(['notes.json']);
  });
});

describe('several processes', () => {
  it('lose no change of each other', async () => {
    path = join(folder, 'counter.json');
    const program = await bundle('test/store/count-up.ts');
    const each = 40;
    const children = [1, 2, 3].map(() => spawn(process.execPath, [program, path, String(each)], { stdio: 'inherit' }));
    const statuses = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0]));
    expect(statuses).toEqual([0, 0, 0]);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ version: 1, count: 3 * each });
    expect(names()).toEqual(['counter.json', 'counter.json.lock']);
  });
});
