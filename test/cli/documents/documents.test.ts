import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SHELLS } from '../../../src/cli/command-table.ts';
import { completionScript } from '../../../src/cli/documents/completion.ts';
import { helpText, versionText } from '../../../src/cli/documents/help.ts';
import { manPage } from '../../../src/cli/documents/manual.ts';
import { optionsTable } from '../../../src/cli/documents/options-table.ts';
import { LATER, OPTIONS } from '../../../src/cli/options.ts';
import { VERSION, VERSION_DATE } from '../../../src/cli/version.ts';

const golden = (name: string): string => resolve(import.meta.dirname, '../../golden/cli', name);

/** Whether a tool is here: its tests carry the reason in their name when it is not. */
function has(tool: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0;
}

describe('documents made from the option table', () => {
  it('print the help of the golden file, in 80 columns of ASCII', async () => {
    const text = helpText();
    await expect(text).toMatchFileSnapshot(golden('help.txt'));
    for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
    expect(text).toMatch(/^[\n -~]*$/);
  });

  it('print the man page of the golden file', async () => {
    await expect(manPage()).toMatchFileSnapshot(golden('iptraf-ts.8'));
  });

  it('print the option table of the golden file', async () => {
    await expect(optionsTable()).toMatchFileSnapshot(golden('options.md'));
  });

  it.each(SHELLS)('print the %s completion of the golden file', async (shell) => {
    await expect(completionScript(shell)).toMatchFileSnapshot(golden(`completion.${shell}`));
  });

  it('say the version of package.json', () => {
    const { version } = JSON.parse(readFileSync(resolve(import.meta.dirname, '../../../package.json'), 'utf8'));
    expect(VERSION).toBe(version);
    expect(versionText()).toBe(`iptraf-ts ${version}\n`);
  });

  it('carry the day of the version in CHANGELOG.md, once it is released', () => {
    const changes = readFileSync(resolve(import.meta.dirname, '../../../CHANGELOG.md'), 'utf8');
    const [, day] = new RegExp(`^## \\[${VERSION.replaceAll('.', '\\.')}\\] - (.*)$`, 'm').exec(changes) ?? [];
    expect([VERSION_DATE, 'unreleased']).toContain(day);
    expect(manPage()).toContain(`.TH IPTRAF\\-TS 8 ${VERSION_DATE} `);
  });

  it('list every option everywhere, and no option of a later version', () => {
    const texts = [helpText(), manPage().replaceAll('\\-', '-'), optionsTable(), completionScript('bash')];
    for (const text of texts) {
      for (const flag of OPTIONS.flatMap((line) => line.flags)) expect(text).toContain(flag);
      for (const { flag } of LATER) expect(text).not.toMatch(new RegExp(`(^|[\\s\`|"])${flag}([\\s,\`|"]|$)`, 'm'));
    }
  });

  it.skipIf(!has('mandoc'))('make a man page that mandoc finds nothing wrong with (needs mandoc)', () => {
    const { stdout } = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning'], { input: manPage(), encoding: 'utf8' });
    expect(stdout.split('\n').filter((line) => !/unknown manual section|referenced manual/.test(line))).toEqual(['']);
  });

  it.skipIf(!has('groff'))('make a man page whose option names are plain hyphens (needs groff)', () => {
    const { stdout, stderr } = spawnSync('groff', ['-man', '-Tutf8', '-ww', '-P-cbou'], {
      input: manPage(),
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^ +--bpf EXPRESSION$/m);
  });
});

describe.skipIf(!has('fish'))('completion in fish (needs fish)', () => {
  const fishOffers = (line: string): string[] => {
    const script = `${completionScript('fish')}\ncomplete -C '${line}'`;
    const { stdout } = spawnSync('fish', ['--no-config', '-c', script], { encoding: 'utf8' });
    return stdout.split('\n').flatMap((each) => (each === '' ? [] : [each.split('\t')[0]]));
  };

  it.each([
    ['iptraf-ts doc', ['doctor']],
    ['iptraf-ts --capture ', ['auto', 'pcap', 'ring']],
    ['iptraf-ts -i l', ['lo']],
    ['iptraf-ts -i lo d', []],
    ['iptraf-ts completion ', ['bash', 'fish', 'zsh']],
    ['iptraf-ts config ', ['export', 'get', 'import', 'set', 'unset']],
    ['iptraf-ts config unset the', ['theme']],
    ['iptraf-ts config set colour ', ['off', 'on']],
    ['iptraf-ts config get colour ', []],
    ['iptraf-ts ift', ['iftop']],
    ['iptraf-ts iftop -o ', ['2s', '10s', '40s', 'destination', 'source']],
    ['iptraf-ts iftop -i l', ['lo']],
    ['iptraf-ts iftop --l', ['--limit']],
  ])('%s', (line, offers) => {
    expect(fishOffers(line)).toEqual(offers);
  });
});

describe.skipIf(!has('zsh'))('completion in zsh (needs zsh)', () => {
  it('is a script that zsh can read', () => {
    const { stderr, status } = spawnSync('zsh', ['-n'], { input: completionScript('zsh'), encoding: 'utf8' });
    expect([stderr, status]).toEqual(['', 0]);
  });
});

/** What bash would offer: the script is sourced and its function called as readline calls it. */
function bashOffers(...words: string[]): string[] {
  return bashOffersWith('', ...words);
}

/** `before`: what the shell knows beside the script. */
function bashOffersWith(before: string, ...words: string[]): string[] {
  const script = `${before}
${completionScript('bash')}
COMP_WORDS=(iptraf-ts ${words.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${words.length}
_iptraf_ts 2>/dev/null
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, status } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
  expect(status).toBe(0);
  return stdout.split('\n').filter((word) => word !== '');
}

describe.skipIf(!has('bash'))('bash completion (needs bash)', () => {
  it('offers the names of filters, quoted, and carries out nothing that a name says', () => {
    const program = 'iptraf-ts() { printf "%s\\n" web "my web" \'$(touch /tmp/x)\'; }';
    expect(bashOffersWith(program, '-i', 'lo', '--filter', 'w')).toEqual(['web']);
    expect(bashOffersWith(program, 'filter', 'show', '')).toEqual(['web', 'my\\ web', '\\$\\(touch\\ /tmp/x\\)']);
  });

  it('offers options', () => {
    expect(bashOffers('--b')).toEqual(['--bpf', '--bytes']);
  });

  it('offers the options of a door behind its name, and no others', () => {
    expect(bashOffers('iftop', '--l')).toEqual(['--limit']);
    expect(bashOffers('iftop', '-o', 's')).toEqual(['source']);
    expect(bashOffers('iftop', '-i', 'a')).toEqual(['all']);
    // -d is a monitor of the main command.
    expect(bashOffers('iftop', '-')).not.toContain('-d');
    expect(bashOffers('iftop', '')).toContain('-P');
  });

  it('offers interfaces, and options where the interface may be left out', () => {
    expect(bashOffers('-i', '')).toContain('all');
    if (existsSync('/sys/class/net/lo')) expect(bashOffers('-i', 'l')).toContain('lo');
    expect(bashOffers('-i', '--js')).toEqual(['--json']);
  });

  it('offers the words of an option and of a command', () => {
    expect(bashOffers('--capture', '')).toEqual(['auto', 'ring', 'pcap']);
    expect(bashOffers('completion', 'z')).toEqual(['zsh']);
    expect(bashOffers('d')).toEqual(['doctor']);
    expect(bashOffers('i')).toEqual(['interfaces', 'iftop']);
    expect(bashOffers('filter', 'im')).toEqual(['import', 'import-iptraf-ng']);
    expect(bashOffers('config', '')).toEqual(['get', 'set', 'unset', 'export', 'import']);
    expect(bashOffers('config', 'set', 'th')).toEqual(['theme']);
    expect(bashOffers('config', 'set', 'theme', '')).toEqual(['blue', 'dark', 'light', 'monochrome']);
    expect(bashOffers('config', 'get', 'theme', '')).toEqual([]);
  });
});
