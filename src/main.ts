/**
 * The program's main file. The order of its lines is what it owns: signal handlers first (without one, SIGUSR1 opens
 * Node's debugger), then the engine process, so that it starts while the front is still loading, then everything else.
 */
import { fileURLToPath } from 'node:url';
import { daemonReporter } from './cli/daemon/daemon.ts';
import { earlyGuess } from './cli/early.ts';
import { endOnBug } from './cli/fail.ts';
import { finish, Signals } from './cli/signals.ts';
import { forkEngine } from './engine/engine-client.ts';

process.title = 'iptraf-ts';
const signals = new Signals();
process.on('uncaughtException', endOnBug);
const argv = process.argv.slice(2);
const reporter = daemonReporter();
const calledAs = process.argv[1] ?? '';
const guess = earlyGuess(argv, reporter !== null, calledAs);

if (guess === 'help' || guess === 'version') {
  const { helpText, versionText } = await import('./cli/documents/help.ts');
  process.stdout.write(guess === 'help' ? helpText() : versionText());
} else {
  const engine = guess === 'live' ? forkEngine() : null;
  const { run } = await import('./cli/run.ts');
  finish(await run({ argv, calledAs, modulePath: fileURLToPath(import.meta.url), signals, engine, reporter }));
}
