/** Commands of the command line, run in this process with a state directory of their own for each test. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import { OperatorError } from '../../src/base/errors.ts';
import { runCommand } from '../../src/cli/commands.ts';
import { parseArguments } from '../../src/cli/parse.ts';

/** `iptraf-ts COMMAND …`; made once in a test file, it sets up and clears away around each test. */
export class CommandStage {
  /** The state directory. */
  folder = '';
  /** What was written to standard error. */
  complaints: string[] = [];
  readonly #command: string;

  constructor(command: string) {
    this.#command = command;
    beforeEach(() => this.#setUp());
    afterEach(() => {
      vi.restoreAllMocks();
      vi.unstubAllEnvs();
      rmSync(this.folder, { recursive: true, force: true });
    });
  }

  #setUp(): void {
    this.folder = mkdtempSync(join(tmpdir(), `iptraf-ts-${this.#command}-`));
    vi.stubEnv('IPTRAF_TS_STATE_DIR', this.folder);
    this.complaints = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      this.complaints.push(String(text));
      return true;
    });
  }

  /** What the command prints; it must end well. */
  async run(...words: string[]): Promise<string> {
    const { text, status } = await runCommand(parseArguments([this.#command, ...words]));
    expect(status).toBe(0);
    return text;
  }

  /** The one line that the command fails with. */
  async failure(...words: string[]): Promise<{ message: string; status: number }> {
    try {
      await this.run(...words);
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      expect(error.message).not.toContain('\n');
      return { message: error.message, status: error.exitStatus };
    }
    throw new Error('it was done');
  }
}
