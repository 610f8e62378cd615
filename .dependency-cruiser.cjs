// The layers of docs/architecture.md: a folder of src may import itself, core, and what stands beside it here. Inside a folder,
// a sub-folder imports its own files and its siblings, never the loose files of its parent.
const CORE = '^src/core/';
const GENERATED = '^generated/';
const GAX = '^src/client/gax/index\\.ts$';
const STORE_CONTRACT = '^src/stores/contract/';

const layers = {
  '^generated/': [],
  [CORE]: [GENERATED],
  '^src/filter/': [CORE],
  '^src/schema/': [CORE, GENERATED],
  '^src/client/': [CORE, GENERATED],
  '^src/gateway/': [CORE, GENERATED, '^src/schema/'],
  // Writes generated code, so it must run before generated files exist.
  '^src/codegen/': ['^src/core/nearest\\.ts$', '^src/schema/type-names\\.ts$'],
  '^src/stores/': [CORE, GENERATED, '^src/filter/index\\.ts$'],
  '^src/server/': [
    CORE,
    GENERATED,
    '^src/filter/index\\.ts$',
    STORE_CONTRACT,
    '^src/stores/memory/memory-store\\.ts$',
    '^src/schema/descriptor-set\\.ts$',
    '^src/client/operations/(?:list|operation-handles)\\.ts$',
    '^src/gateway/(?:index|gateway)\\.ts$',
  ],
  '^src/opentelemetry/': [CORE, '^src/server/index\\.ts$'],
  '^src/testing/': [
    CORE,
    GENERATED,
    '^src/client/',
    '^src/server/',
    '^src/gateway/(?:index|gateway)\\.ts$',
    '^src/filter/index\\.ts$',
    '^src/schema/index\\.ts$',
    STORE_CONTRACT,
  ],
  '^src/conformance/': [
    CORE,
    GENERATED,
    '^src/server/index\\.ts$',
    STORE_CONTRACT,
    '^src/testing/clock/manual-clock\\.ts$',
  ],
  '^src/cli/': [
    CORE,
    '^src/index\\.ts$',
    '^src/[^/]+/index\\.ts$',
    '^src/stores/[^/]+/index\\.ts$',
    '^src/gateway/openapi/index\\.ts$',
    '^src/testing/server/faking\\.ts$',
    '^src/testing/script/script-template\\.ts$',
    '^src/client/calls/(?:connection|credentials)\\.ts$',
    '^src/client/operations/(?:list|operation-handles)\\.ts$',
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
      name: 'no-upward-imports',
      comment:
        'what a folder and its sub-folders share moves down, into a sub-folder of its own or into core',
      severity: 'error',
      from: { path: '^src/(.+)/[^/]+/[^/]+$' },
      to: { path: '^src/$1/[^/]+$' },
    },
    ...Object.entries(layers).map(([layer, allowed]) => ({
      name: `layer ${layer}`,
      severity: 'error',
      from: { path: layer },
      to: {
        path: '^(?:src|generated)/',
        pathNot: [layer, ...allowed],
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
