// Two network namespaces joined by a veth pair: the sender in one, the measured program in the other.
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const SENDING = `iptraf-bench-a-${process.pid}`;
const RECEIVING = `iptraf-bench-b-${process.pid}`;
const FROM = 'bench0';
const MAC = '02:00:00:00:00:02';

/** The interface that is watched. */
export const INTERFACE = 'bench1';

const ip = (...args) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] });

export function createLink() {
  ip('netns', 'add', SENDING);
  ip('netns', 'add', RECEIVING);
  ip(
    'link',
    'add',
    FROM,
    'netns',
    SENDING,
    'type',
    'veth',
    'peer',
    'name',
    INTERFACE,
    'address',
    MAC,
    'netns',
    RECEIVING,
  );
  for (const [namespace, name] of [
    [SENDING, FROM],
    [RECEIVING, INTERFACE],
  ]) {
    // No neighbour discovery: nothing but the sender's frames is on the link.
    ip('netns', 'exec', namespace, 'sysctl', '-qw', `net.ipv6.conf.${name}.disable_ipv6=1`);
    ip('-n', namespace, 'link', 'set', name, 'up');
  }
  ip('-n', RECEIVING, 'address', 'add', '10.255.0.1/32', 'dev', INTERFACE);
}

export function deleteLink() {
  for (const namespace of [SENDING, RECEIVING]) {
    try {
      ip('netns', 'delete', namespace);
    } catch {
      // It was not made.
    }
  }
}

/** Command line that runs a program where the traffic arrives. `ip netns exec` becomes the program: the pid is its own. */
export function onReceiver(command, ...args) {
  return ['ip', ['netns', 'exec', RECEIVING, command, ...args]];
}

/** Packets that arrived, as the kernel counts them, seen through a process in the receiving namespace. */
export function packetsArrived(pid) {
  const line = readFileSync(`/proc/${pid}/net/dev`, 'utf8')
    .split('\n')
    .find((text) => text.trim().startsWith(`${INTERFACE}:`));
  return Number(line.split(':')[1].trim().split(/\s+/)[1]);
}

export function compileSender(folder) {
  const binary = join(folder, 'sender');
  execFileSync('cc', ['-O2', '-o', binary, new URL('sender.c', import.meta.url).pathname]);
  return binary;
}

/** Starts the sender; `rate` 0 sends as fast as it goes. `stop` ends it and resolves with its count. */
export function startSender(binary, { traffic, conversations, rate, seconds }) {
  const args = ['send', FROM, MAC, traffic, conversations, rate, seconds].map(String);
  const child = spawn('ip', ['netns', 'exec', SENDING, binary, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const result = new Promise((resolve, reject) => {
    child.on('close', () => (output === '' ? reject(new Error('the sender failed')) : resolve(JSON.parse(output))));
  });
  const stop = () => {
    child.kill('SIGTERM');
    return result;
  };
  return { result, stop };
}
