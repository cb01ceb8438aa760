// No image can be built here: what a Containerfile can be wrong about without that is looked at.
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseArguments } from '../src/cli/parse.ts';

const ROOT = join(import.meta.dirname, '..');
const FOLDER = join(ROOT, 'scripts/container');
const text = readFileSync(join(FOLDER, 'Containerfile'), 'utf8');
const instructions = text
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll('\\\n', ' ')
  .split('\n')
  .map((line) => line.trim().split(/\s+/))
  .filter(([word]) => word !== '');
const of = (name: string): string[][] => instructions.filter(([word]) => word === name).map(([, ...rest]) => rest);
const runLines = [...text.matchAll(/^#\s+sudo podman run (.*)$/gm)].map(([, line]) => line.split(/\s+/));

/** Packages of a list in scripts/setup. */
function packagesOf(list: string): string[] {
  const found = new RegExp(`^${list}=\\(([^)]*)\\)`, 'm').exec(readFileSync(join(ROOT, 'scripts/setup'), 'utf8'));
  return found?.[1].split(/\s+/) ?? [];
}

describe('the Containerfile', () => {
  it('copies what there is, and nothing that its ignore file leaves out is a script it runs', () => {
    const ignored = readFileSync(join(FOLDER, 'Containerfile.containerignore'), 'utf8').trim().split('\n');
    const sources = of('COPY').filter(([first]) => !first.startsWith('--from='));
    expect(sources.length).toBeGreaterThan(0);
    for (const words of sources)
      for (const source of words.slice(0, -1)) expect(existsSync(join(ROOT, source))).toBe(true);
    const scripts = of('RUN').flatMap((words) => words.filter((word) => word.startsWith('scripts/')));
    expect(scripts).toEqual(['scripts/install']);
    for (const script of scripts) {
      accessSync(join(ROOT, script), constants.X_OK);
      expect(ignored).not.toContain(script.split('/')[0]);
    }
    for (const needed of ['src', 'screens', 'filters', 'scripts', 'package-lock.json'])
      expect(ignored).not.toContain(needed);
  });

  it('takes from its first stage what was installed there, and starts it from there', () => {
    const install = of('RUN').find(([first]) => first === 'scripts/install') ?? [];
    const prefix = install[install.indexOf('--prefix') + 1];
    expect(of('COPY')).toContainEqual(['--from=build', prefix, prefix]);
    expect(of('ENV')[0]).toContainEqual(expect.stringMatching(`^PATH=${prefix}/bin:`));
    expect(of('ENTRYPOINT')).toEqual([['["iptraf-ts"]']]);
  });

  it('has the packages that scripts/setup would ask for', () => {
    const installed = of('RUN').map((words) =>
      words.slice(words.indexOf('--no-install-recommends') + 1, words.lastIndexOf('&&')),
    );
    expect(installed[0]).toEqual(expect.arrayContaining(packagesOf('BUILD_PACKAGES')));
    expect(installed.at(-1)?.slice(0, packagesOf('RUN_PACKAGES').length)).toEqual(packagesOf('RUN_PACKAGES'));
  });

  it('is run with one right, on the folders of root, with options that there are', () => {
    expect(runLines).toHaveLength(2);
    for (const words of runLines) {
      expect(words).toEqual(expect.arrayContaining(['--net=host', '--cap-drop=ALL', '--cap-add=NET_RAW']));
      const mounted = words.filter((_, at) => words[at - 1] === '-v').map((volume) => volume.split(':')[1]);
      expect(mounted).toEqual(['/var/lib/iptraf-ts', '/var/log/iptraf-ts']);
      const ours = words.slice(words.lastIndexOf('iptraf-ts') + 1);
      expect(parseArguments(ours, 'iptraf-ts').values.background).toBe(ours.length > 0);
    }
    expect(JSON.parse(of('VOLUME')[0].join(' '))).toEqual(['/var/lib/iptraf-ts', '/var/log/iptraf-ts']);
  });
});
