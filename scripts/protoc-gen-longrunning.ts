// Runs the plug-in from its source, because `npm run generate` precedes the build.

import { registerHooks } from 'node:module';

registerHooks({
  // Sources import each other by the names of the built files.
  resolve: (specifier, context, next) =>
    next(
      context.parentURL?.includes('/node_modules/')
        ? specifier
        : specifier.replace(/^(\.{1,2}\/.*)\.js$/, '$1.ts'),
      context,
    ),
});

await import('../src/codegen/protoc-gen-longrunning.ts');
