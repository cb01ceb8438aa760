/** A daemon one of whose processes is killed: every record that is a second old is in its log. Needs root for namespaces. */
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/log-folder.ts';
import { createNamespacePair, type NamespacePair, namespacesUnavailable } from '../support/namespaces.ts';
import { buildProgram, PROGRAM, processTree, temporaryHome } from '../support/program.ts';

const CONNECTIONS = 500;
/** argv: address. Connections one after the other, to a port where nobody listens: each is opened, and reset. */
const CLIENT = `
let left = ${CONNECTIONS};
const next = () => left-- > 0 && require('net').connect(8080, process.argv[1]).on('error', () => 0).on('close', next);
next();`;

const unavailable = namespacesUnavailable();

describe.skipIf(unavailable !== null)(`kill -9${unavailable === null ? '' : ` (not run: ${unavailable})`}`, () => {
  let pair: NamespacePair;
  beforeAll(async () => {
    buildProgram();
    pair = await createNamespacePair('lkill');
  });
  afterAll(() => pair.dispose());

  it.each(['front', 'engine'])('of the %s costs no record that is a second old', async (victim) => {
    const home = temporaryHome();
    const env = { ...process.env, ...home.env, IPTRAF_TS_RUN_DIR: join(home.env.IPTRAF_TS_LOG_DIR, 'run') };
    const log = join(home.env.IPTRAF_TS_LOG_DIR, 'traffic.log');
    const text = (): string => (existsSync(log) ? readFileSync(log, 'utf8') : '');
    const command = [process.execPath, PROGRAM, '-B', '--foreground', '-i', 'left', '-L', 'traffic.log'];
    const daemon = pair.left.spawn(command, { env, stdio: 'ignore' });
    try {
      await until(() => text().includes('IP traffic monitor started'));
      pair.left.run(process.execPath, '-e', CLIENT, pair.right.ipv4);
      await new Promise((resolve) => setTimeout(resolve, 1000));
      const [front, engine] = processTree(daemon.pid as number);
      process.kill(victim === 'front' ? front : engine, 'SIGKILL');
      if (victim === 'front') await once(daemon, 'exit');
      else await until(() => text().includes('lost'));
      expect(text().match(/first packet \(SYN\)/g)).toHaveLength(CONNECTIONS);
      // Whole lines only.
      expect(text().endsWith('\n')).toBe(true);
    } finally {
      daemon.kill('SIGKILL');
      home.remove();
    }
  });
});
