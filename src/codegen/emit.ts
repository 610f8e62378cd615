import type { DescFile, DescMessage, DescMethod, DescService } from '@bufbuild/protobuf';
import type { GeneratedFile, Printable, Schema, Target } from '@bufbuild/protoplugin';
import type { OperationTypes } from './operation-types.js';
import type { PluginOptions } from './options.js';
import { codecName, methodName, moduleName } from './ts-proto-names.js';

/** Long-running methods of one service, at least one. */
export interface ServiceOperations {
  readonly service: DescService;
  readonly methods: readonly OperationTypes[];
}

/** Imports the codec of a message. */
type Codec = (message: DescMessage) => Printable;

/** Returns the name of the module that the plug-in generates for a file, without extension. */
export function operationsModule(file: DescFile): string {
  return `${moduleName(file)}.operations`;
}

/** Writes `x.operations.ts`, `.js` or `.d.ts` for `x.proto`. */
export function emitFile(
  schema: Schema<PluginOptions>,
  target: Target,
  file: DescFile,
  services: readonly ServiceOperations[],
): void {
  const f = schema.generateFile(`${operationsModule(file)}.${target === 'dts' ? 'd.ts' : target}`);
  f.preamble(file);
  const codec: Codec = (message) =>
    f.import(codecName(message), codecModule(schema.options, message), target === 'dts');
  for (const [index, service] of services.entries()) {
    if (index > 0) f.print();
    emitService(f, target, service, codec);
  }
}

function emitService(
  f: GeneratedFile,
  target: Target,
  { service, methods }: ServiceOperations,
  codec: Codec,
): void {
  const name = `${service.name}Operations`;
  f.print(f.jsDoc(`The long-running methods of \`${service.typeName}\`.`));
  switch (target) {
    case 'ts':
      f.print(f.export('const', name), ': {');
      emitTypes(f, methods, codec);
      f.print('} = {');
      emitValues(f, methods, codec);
      f.print('};');
      break;
    case 'js':
      f.print(f.export('const', name), ' = {');
      emitValues(f, methods, codec);
      f.print('};');
      break;
    case 'dts':
      f.print(f.export('declare const', name), ': {');
      emitTypes(f, methods, codec);
      f.print('};');
      break;
  }
}

function emitTypes(f: GeneratedFile, methods: readonly OperationTypes[], codec: Codec): void {
  const type = f.import('OperationMethod', 'longrunning', true);
  for (const { method, response, metadata } of methods) {
    const types = [
      codec(method.input),
      ', ',
      codec(response),
      ', ',
      codec(metadata),
      ', ',
      pathOf(f, method),
    ];
    f.print(f.jsDoc(method, '  '));
    f.print('  readonly ', propertyName(method.name), ': ', type, '<', types, '>;');
  }
}

function emitValues(f: GeneratedFile, methods: readonly OperationTypes[], codec: Codec): void {
  for (const { method, response, metadata } of methods) {
    f.print('  ', propertyName(method.name), ': {');
    f.print('    path: ', pathOf(f, method), ',');
    f.print('    request: ', codec(method.input), ',');
    f.print('    response: ', codec(response), ',');
    f.print('    metadata: ', codec(metadata), ',');
    f.print('  },');
  }
}

function pathOf(f: GeneratedFile, method: DescMethod): Printable {
  return f.string(`/${method.parent.typeName}/${method.name}`);
}

function propertyName(method: string): string {
  const name = methodName(method);
  return /^[a-z]/.test(name) ? name : JSON.stringify(name);
}

/**
 * Returns the module in which ts-proto declares a message. protoplugin adds the extension to files; for
 * packages, it is added here.
 */
function codecModule(
  { tsProtoImport, importExtension }: Schema<PluginOptions>['options'],
  message: DescMessage,
) {
  const path = `${tsProtoImport}/${moduleName(message.file)}`;
  const isFile = /^\.{1,2}(\/|$)/.test(tsProtoImport);
  return isFile || importExtension !== 'none' ? `${path}.${isFile ? 'js' : importExtension}` : path;
}
