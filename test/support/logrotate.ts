/** The real logrotate with the packaged configuration, moved to places of a test. */
import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const PACKAGED = resolve(import.meta.dirname, '../../scripts/logrotate.d/iptraf-ts');

/** Debian has it where users have no path. null: not installed. */
export const LOGROTATE =
  ['/usr/sbin/logrotate', '/usr/bin/logrotate'].find((path) => spawnSync(path, ['--version']).status === 0) ?? null;

/** Writes the configuration into `folder`, with what `change` makes of it; answers its path. */
export function configureLogrotate(
  logs: string,
  run: string,
  folder: string,
  change: (text: string) => string = (text) => text,
): string {
  const packaged = readFileSync(PACKAGED, 'utf8');
  const moved = packaged.replace('/var/log/iptraf-ts/', `${logs}/`).replaceAll('/run/iptraf-ts/', `${run}/`);
  const path = join(folder, 'logrotate.conf');
  writeFileSync(path, change(moved));
  chmodSync(path, 0o644);
  return path;
}
