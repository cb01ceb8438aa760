/** A real rsyslogd with a socket, a configuration and files of its own. Nothing of the machine's is touched. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const RSYSLOGD = ['/usr/sbin/rsyslogd', '/usr/bin/rsyslogd'].find((path) => spawnSync(path, ['-v']).status === 0);

export const hasRsyslog = RSYSLOGD !== undefined;

/** What rsyslog made of a datagram. */
export interface SyslogMessage {
  name: string;
  pid: string;
  severity: string;
  facility: string;
  message: string;
  time: string;
}

export class Rsyslog {
  readonly socket: string;
  readonly #folder: string;
  readonly #output: string;
  #daemon: ChildProcess | null = null;

  constructor(folder: string) {
    this.#folder = folder;
    this.socket = join(folder, 'dev-log');
    this.#output = join(folder, 'syslog-output');
    writeFileSync(join(folder, 'rsyslog.conf'), this.#configuration());
  }

  /** Settles when it listens. */
  async start(): Promise<void> {
    const pidFile = join(this.#folder, 'rsyslog.pid');
    rmSync(pidFile, { force: true });
    const configuration = join(this.#folder, 'rsyslog.conf');
    this.#daemon = spawn(RSYSLOGD as string, ['-n', '-f', configuration, '-i', pidFile], { stdio: 'ignore' });
    while (!existsSync(this.socket)) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  /** Ends it in order; what it has received is in its file. */
  async stop(): Promise<void> {
    const daemon = this.#daemon;
    if (daemon === null || daemon.exitCode !== null) return;
    const exit = once(daemon, 'exit');
    daemon.kill('SIGTERM');
    await exit;
    rmSync(this.socket, { force: true });
  }

  messages(): SyslogMessage[] {
    if (!existsSync(this.#output)) return [];
    const lines = readFileSync(this.#output, 'utf8').split('\n');
    // The last one may be half written.
    return lines.slice(0, -1).map((line) => JSON.parse(line));
  }

  #configuration(): string {
    const fields = Object.entries({
      name: 'programname',
      pid: 'procid',
      severity: 'syslogseverity-text',
      facility: 'syslogfacility-text',
      message: 'msg',
      time: 'timereported:::date-rfc3339',
    });
    const properties = fields.map(([name, property]) => {
      const [source, format] = property.split(':::');
      const date = format === undefined ? '' : ' dateFormat="rfc3339"';
      return `property(outname="${name}" name="${source}"${date} format="jsonf")`;
    });
    return [
      `global(workDirectory="${this.#folder}")`,
      `module(load="imuxsock" SysSock.Use="off")`,
      // The datagram's own time, its own pid; no limit of lines a second.
      `input(type="imuxsock" Socket="${this.socket}" IgnoreTimestamp="off" UseSysTimeStamp="off" UsePIDFromSystem="off" RateLimit.Interval="0")`,
      `template(name="json" type="list" option.jsonf="on") { ${properties.join(' ')} }`,
      `action(type="omfile" file="${this.#output}" template="json")`,
      '',
    ].join('\n');
  }
}
