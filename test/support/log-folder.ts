/** A folder of its own for tests of logs, and records to put into them. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type LogTargets, LogWriter } from '../../src/logs/log-writer.ts';
import type { LogRecord } from '../../src/logs/record.ts';

export function logRecord(text: string, event: LogRecord['event'] = 'closed'): LogRecord {
  return { time: 1_795_225_500.25, event, monitor: 'ip-traffic', interface: 'eth0', fields: [text], facts: { text } };
}

export class LogFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'iptraf-ts-log-'));
  readonly file = join(this.path, 'traffic.log');
  /** What was said to the operator. */
  readonly warnings: string[] = [];

  /** A writer of text to `file`, or as `targets` say; no syslog daemon is reached. */
  open(targets: Partial<LogTargets> = {}): LogWriter {
    return new LogWriter({
      path: this.file,
      facility: null,
      format: 'text',
      rotation: null,
      tag: 'test',
      warn: (line) => this.warnings.push(line),
      syslogSocket: join(this.path, 'no-syslog'),
      ...targets,
    });
  }

  /** What was written after the time, a line each; of a packed file as well. */
  texts(path = this.file): string[] {
    return this.lines(path).map((line) => line.replace(/^\d{8}T\d{6}[+-]\d{4}; /, ''));
  }

  lines(path = this.file): string[] {
    const content = readFileSync(path);
    const text = (path.endsWith('.gz') ? gunzipSync(content) : content).toString();
    return text === '' ? [] : text.replace(/\n$/, '').split('\n');
  }

  names(): string[] {
    return readdirSync(this.path).sort();
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Waits until it holds; the test's own time limit ends the waiting. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}
