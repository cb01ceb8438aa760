/** The commands that open no monitor: interfaces, doctor, config, filter, status, stop, completion, and what the build prints. Each gives its text. */

import { EXIT } from '../base/errors.ts';
import type { Probe, Verdict } from '../capture/doctor-probes.ts';
import type { InterfaceInfo } from '../capture/interfaces.ts';
import type { CommandResult } from './command-result.ts';
import type { Shell } from './command-table.ts';
import { textTable } from './documents/text-table.ts';
import type { Invocation } from './parse.ts';

export async function runCommand({ values, command }: Invocation): Promise<CommandResult> {
  switch (command?.line.name) {
    case 'interfaces':
      return done(await interfaces(values.json));
    case 'doctor':
      return doctor(values.json);
    case 'completion': {
      const { completionScript } = await import('./documents/completion.ts');
      return done(completionScript(command.words[0] as Shell));
    }
    case 'config':
    case 'config get':
    case 'config set':
    case 'config unset':
    case 'config export':
    case 'config import': {
      const { configCommand } = await import('./config.ts');
      return configCommand(command.line.name, command.words, values.json);
    }
    case 'filter':
    case 'filter list':
    case 'filter show':
    case 'filter add':
    case 'filter edit':
    case 'filter remove':
    case 'filter test':
    case 'filter export':
    case 'filter import':
    case 'filter import-iptraf-ng':
    case 'filter names': {
      const { filterCommand } = await import('./filters/filter-commands.ts');
      return filterCommand(command.line.name, command.words, values);
    }
    case 'status': {
      const { statusCommand } = await import('./daemon/instance-commands.ts');
      return statusCommand(values.json);
    }
    case 'stop': {
      const { stopCommand } = await import('./daemon/instance-commands.ts');
      return stopCommand(command.words);
    }
    case 'report': {
      const { reportCommand } = await import('./report.ts');
      return reportCommand(command.words, values);
    }
    case 'man':
      return done((await import('./documents/manual.ts')).manPage());
    default:
      return done((await import('./documents/options-table.ts')).optionsTable());
  }
}

function done(text: string): CommandResult {
  return { text, status: EXIT.ok };
}

async function interfaces(json: boolean): Promise<string> {
  const { listInterfaces } = await import('../capture/interfaces.ts');
  const { withDriverNames } = await import('../capture/driver-names.ts');
  const list = withDriverNames((driver) => listInterfaces({ driver }));
  if (json) return list.map((info) => `${JSON.stringify(info)}\n`).join('');
  return textTable([
    ['interface', 'state', 'speed', 'kind', 'mac', 'addresses'],
    ...list.map((info) => [info.name, state(info), speed(info), kind(info), info.mac ?? '-', addresses(info)]),
  ]);
}

function state({ up, running }: InterfaceInfo): string {
  if (!up) return 'down';
  return running ? 'up' : 'no carrier';
}

function speed({ speed: megabits }: InterfaceInfo): string {
  if (megabits === null) return '-';
  return megabits >= 1000 ? `${megabits / 1000} Gbit/s` : `${megabits} Mbit/s`;
}

function kind({ kind: name, master }: InterfaceInfo): string {
  return master === null ? name : `${name} of ${master}`;
}

function addresses(info: InterfaceInfo): string {
  return info.addresses.length === 0 ? '-' : info.addresses.join(' ');
}

const STATUS_OF_VERDICT: Record<Verdict, number> = {
  works: EXIT.ok,
  denied: EXIT.noPermission,
  unavailable: EXIT.failed,
};

async function doctor(json: boolean): Promise<CommandResult> {
  const { diagnose } = await import('../capture/doctor-probes.ts');
  const { probes, verdict } = await diagnose();
  const text = json ? probes.map((probe) => `${JSON.stringify(probe)}\n`).join('') : probes.map(finding).join('');
  return { text, status: STATUS_OF_VERDICT[verdict] };
}

function finding({ name, ok, detail, remedy }: Probe): string {
  const lines = [`${ok ? 'ok     ' : 'missing'}  ${name}: ${detail}`];
  if (remedy !== null) lines.push(`         remedy: ${remedy}`);
  return `${lines.join('\n')}\n`;
}
