import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildProgram, ROOT, temporaryHome } from '../support/program.ts';

interface Result {
  status: number | null;
  stdout: string;
  stderr: string;
}

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'iptraf-ts-setup-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function run(command: string, args: string[], env: Record<string, string> = {}): Result {
  const { status, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return { status, stdout, stderr };
}

/** Every file and folder below a folder. */
function tree(path: string): string[] {
  return readdirSync(path, { recursive: true }).map(String).sort();
}

describe('scripts/install', () => {
  const install = (...args: string[]): Result => run(join(ROOT, 'scripts/install'), ['--prefix', folder, ...args]);
  const releases = () => readdirSync(join(folder, 'lib/iptraf-ts')).filter((name) => name.startsWith('release.'));

  it('installs a program that starts without this checkout and without node on the PATH', () => {
    expect(install()).toMatchObject({ status: 0, stdout: '' });
    const program = join(folder, 'bin/iptraf-ts');
    const started = spawnSync(program, ['--version'], { encoding: 'utf8', env: { PATH: '/nowhere' }, cwd: '/' });
    expect(started.stdout).toMatch(/^iptraf-ts \d/);
    expect(readFileSync(program, 'utf8')).not.toContain(ROOT);
    const [release] = releases();
    const files = tree(join(folder, 'lib/iptraf-ts', release));
    expect(files).toContain('engine.js');
    expect(files).toContain('node_modules/koffi');
  });

  it('installs the man page and the completions of three shells', () => {
    install();
    const share = (path: string) => readFileSync(join(folder, 'share', path), 'utf8');
    expect(share('man/man8/iptraf-ts.8')).toMatch(/^\.TH/m);
    expect(share('bash-completion/completions/iptraf-ts')).toContain('complete -F');
    expect(share('zsh/site-functions/_iptraf-ts')).toMatch(/^#compdef iptraf-ts/);
    expect(share('fish/vendor_completions.d/iptraf-ts.fish')).toContain('complete -c iptraf-ts');
  });

  it('takes everything off again and nothing else', () => {
    mkdirSync(join(folder, 'bin'));
    mkdirSync(join(folder, 'share/man'), { recursive: true });
    writeFileSync(join(folder, 'bin/other'), 'of someone else');
    const before = tree(folder);
    install();
    expect(tree(folder).length).toBeGreaterThan(before.length);
    expect(install('--remove').status).toBe(0);
    expect(tree(folder)).toEqual(before);
  });

  it('keeps the release before for programs that still run, and no older one', () => {
    install();
    const [first] = releases();
    install();
    expect(releases()).toHaveLength(2);
    install();
    expect(releases()).toHaveLength(2);
    expect(releases()).not.toContain(first);
  });

  it('overwrites no file of someone else, and then changes nothing', () => {
    mkdirSync(join(folder, 'bin'));
    writeFileSync(join(folder, 'bin/iptraf-ts'), 'of someone else');
    const before = tree(folder);
    const { status, stderr } = install();
    expect(status).toBe(1);
    expect(stderr).toContain('was not installed by this script');
    expect(tree(folder)).toEqual(before);
  });

  it('says so when there is nothing to remove', () => {
    expect(install('--remove')).toMatchObject({ status: 1, stderr: expect.stringContaining('nothing to remove') });
  });

  it('refuses an option that it does not know', () => {
    expect(install('--frobnicate').status).toBe(2);
  });
});

describe('scripts/setup, where npm runs no install scripts', () => {
  const NPM = { npm_config_ignore_scripts: 'true', npm_config_prefer_offline: 'true' };

  /** A fresh checkout: no node_modules, nothing built. */
  const checkout = (): string => {
    const copy = join(folder, 'checkout');
    const wanted = ['package.json', 'package-lock.json', 'LICENSE', 'src', 'screens', 'filters', 'scripts'];
    for (const name of wanted) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
    if (existsSync(join(ROOT, 'schemas'))) cpSync(join(ROOT, 'schemas'), join(copy, 'schemas'), { recursive: true });
    return copy;
  };

  it('says that pcap is missing, and everything else works', { timeout: 180_000 }, () => {
    const copy = checkout();
    const home = temporaryHome();
    const env = { ...NPM, ...home.env };
    const start = join(copy, 'scripts/start');

    const first = run(start, ['--version'], env);
    expect(first.stdout).toMatch(/^iptraf-ts \d/);
    expect(first.stderr).toContain('the optional package pcap is not built');
    expect(existsSync(join(copy, 'node_modules/pcap/build'))).toBe(false);

    // The second start has nothing to do and nothing to say.
    const began = performance.now();
    const second = run(start, ['--version'], env);
    expect(second).toMatchObject({ status: 0, stderr: '' });
    expect(performance.now() - began).toBeLessThan(1000);

    expect(run(start, ['doctor'], env).stdout).toMatch(/missing +.*pcap/);
    const refused = run(start, ['-i', 'lo', '--capture', 'pcap', '--json', '--for', '1'], env);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/pcap/);
    const ring = run(start, ['-i', 'lo', '--json', '--for', '4'], env);
    expect(ring.stderr).toBe('');
    expect(JSON.parse(ring.stdout.split('\n')[0])).toMatchObject({ type: 'snapshot', capture: { source: 'ring' } });
    home.remove();
  });
});

describe('scripts/start and scripts/build-if-stale', () => {
  it('build once, and again only after a source has changed', () => {
    buildProgram();
    const stamp = () => execFileSync('stat', ['-c', '%Y %y', join(ROOT, 'dist/.stamp')], { encoding: 'utf8' });
    const before = stamp();
    buildProgram();
    expect(stamp()).toBe(before);
  });
});
