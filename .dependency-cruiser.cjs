// Who may import whom (ARCHITECTURE.md draws the same picture). Checked in CI.
const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: '^(src|screens|filters)/', pathNot: allowed },
});

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    only('base-imports-nothing', '^src/base/', '^src/base/', 'base is the floor'),
    only('wire-sees-base', '^src/wire/', '^src/(base|wire)/', 'decoders are pure'),
    only('search-sees-wire', '^src/search/', '^src/(base|wire|search)/', 'what a search means, for engine and screens'),
    only(
      'tables-see-wire',
      '^src/tables/',
      '^src/(base|wire|search|tables)/',
      'tables know decoded packets and nothing above',
    ),
    only(
      'filters-see-wire',
      '^filters/(?!store)',
      '^(src/(base|wire)|filters)/',
      'filters are decided on decoded columns',
    ),
    only('native-sees-base', '^src/native/', '^src/(base|native)/', 'system calls know nothing of the program'),
    only(
      'capture-sees-wire',
      '^src/capture/',
      '^(src/(base|wire|native|capture)|filters)/',
      'a capture source fills batches',
    ),
    only(
      'engine-draws-nothing',
      '^src/engine/',
      '^(src/(base|wire|tables|filters|capture|native|processes|alerts|engine)|filters|screens/[^/]+/(monitor|types)\\.ts)',
      'the engine never sees a terminal',
    ),
    only(
      'alerts-are-pure',
      '^src/alerts/',
      '^src/(base|wire|alerts)/|^src/(logs/record|names/sanitize|output/time)\\.ts',
      'rules and their judgement; records of them for the log',
    ),
    only(
      'logs-draw-nothing',
      '^src/logs/',
      '^src/(base|native|store|engine|alerts|names|output|logs)/|^screens/[^/]+/(log|types)\\.ts',
      'records, their form, and where they go',
    ),
    only(
      'monitor-sees-tables',
      '^screens/[^/]+/monitor\\.ts',
      '^(src/(base|wire|search|tables|engine)/|screens/[^/]+/types\\.ts)',
      'engine side of a screen module',
    ),
    only(
      'screen-sees-kit',
      '^screens/[^/]+/(screen|columns)\\.ts',
      '^(src/(base|search|wire/numbers|names)|src/(engine/(link-view|messages|monitor)|store/setting(s-table|-kinds))\\.ts|filters/(filter|rule|rule-text|ready-made)\\.ts|screens/)',
      'front side of a screen module: never tables, capture or the engine; of the stores only the table of settings',
    ),
    only(
      'reports-see-logs-only',
      '^src/reports/',
      '^src/((base|names|output|reports)/|tables/top-rows\\.ts)',
      'reports are made of lines, never of a capture',
    ),
    {
      name: 'koffi-in-native-only',
      severity: 'error',
      from: { pathNot: '^src/native/' },
      to: { path: 'node_modules/koffi' },
    },
    {
      name: 'terminal-kit-in-kit-only',
      severity: 'error',
      from: { pathNot: '^screens/kit/' },
      to: { path: 'node_modules/terminal-kit' },
    },
    {
      name: 'pure-rooms-have-no-node',
      comment: 'base, wire, search, tables, alerts, metrics and filters (all but the store) contain no node:*',
      severity: 'error',
      from: { path: '^(src/(base|wire|search|tables|alerts|metrics)|filters)/', pathNot: '^filters/store' },
      to: { dependencyTypes: ['core'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.js'],
    },
  },
};
