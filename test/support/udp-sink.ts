import { once } from 'node:events';
import type { Namespace } from './namespaces.ts';

/** Takes datagrams at a port of a namespace, from now on: nobody answers there that the port is closed. */
export async function takeDatagrams(namespace: Namespace, port: number): Promise<void> {
  const bind = `require('dgram').createSocket('udp4').bind(${port}, () => process.stdout.write('bound'))`;
  const sink = namespace.spawn([process.execPath, '-e', bind]);
  if (sink.stdout !== null) await once(sink.stdout, 'data');
}
