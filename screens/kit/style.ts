/**
 * Styles are meanings, not colours: a theme maps each to colours, bold, dim or reverse (theme.ts).
 * A cell of the canvas holds an index into this list.
 */
export const STYLES = [
  'text',
  'dim',
  'value',
  'title',
  'frame',
  'heading',
  'selected',
  'selectedDim',
  'key',
  'keyLabel',
  'menu',
  'menuFrame',
  'menuSelected',
  'hotKey',
  'dialog',
  'dialogFrame',
  'field',
  'fieldError',
  'status',
  'warning',
  'error',
  'tcp',
  'udp',
  'icmp',
  'otherIp',
  'nonIp',
  'incoming',
  'outgoing',
  'bar',
  'meter',
  'meterSelected',
  'match',
] as const;

export type Style = (typeof STYLES)[number];
