// Who may import whom: the table of docs/architecture.md. A layer is a folder of src (or the files at its root);
// each may import itself, what stands beside it here, and no more.
const CORE = '^src/[^/]+\\.ts$';
const GENERATED = '^generated/';
const GAX = '^src/client/gax/index\\.ts$';
const STORE_CONTRACT = '^src/stores/(operation-store|listed-size)\\.ts$';

const layers = {
  '^generated/': [],
  [CORE]: [GENERATED],
  '^src/filter/': [CORE],
  '^src/client/': [CORE, GENERATED],
  '^src/schema/': [CORE, GENERATED],
  '^src/gateway/': [CORE, GENERATED, '^src/schema/'],
  // It makes what is generated, so it must run while nothing of that is there.
  '^src/codegen/': ['^src/nearest\\.ts$', '^src/schema/type-names\\.ts$'],
  '^src/stores/': [CORE, GENERATED, '^src/filter/'],
  '^src/server/': [CORE, GENERATED, '^src/filter/', STORE_CONTRACT, '^src/stores/memory\\.ts$'],
  '^src/opentelemetry/': [CORE, '^src/server/index\\.ts$'],
  '^src/testing/': [
    CORE,
    GENERATED,
    '^src/client/',
    '^src/server/',
    '^src/gateway/',
    '^src/schema/',
    STORE_CONTRACT,
  ],
  '^src/cli/': [
    '^src/index\\.ts$',
    '^src/[^/]+/index\\.ts$',
    '^src/stores/[^/]+/index\\.ts$',
    '^src/testing/faking\\.ts$',
    '^src/client/calls/(?:connection|bearer-token)\\.ts$',
    '^generated/grpc/reflection/v1/',
    GAX,
  ],
};

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: { path: '^src/' }, to: { couldNotResolve: true } },
    {
      name: 'gax-only-in-gax',
      comment: 'google-gax costs 180 ms and 28 MB at start',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/client/gax/' },
      to: { path: 'node_modules/google-gax/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'gax-only-when-asked-for',
      comment:
        'the command line loads it by import(), when a Google API is asked for; nothing else knows of it',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/client/gax/' },
      to: { path: '^src/client/gax/', dynamic: false, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'core-does-not-know-the-client',
      comment: 'src/index.ts alone puts core and client together',
      severity: 'error',
      from: { path: CORE, pathNot: '^src/index\\.ts$' },
      to: { path: '^src/(?:client|index\\.ts)' },
    },
    ...Object.entries(layers).map(([layer, allowed]) => ({
      name: `layer ${layer}`,
      severity: 'error',
      from: { path: layer },
      to: {
        path: '^(?:src|generated)/',
        pathNot: [layer, ...allowed, ...(layer === CORE ? ['^src/client/'] : [])],
      },
    })),
  ],
  options: {
    // It reads TypeScript by swc: it knows no TypeScript compiler as new as ours.
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node'],
      extensions: ['.ts', '.js'],
    },
  },
};
