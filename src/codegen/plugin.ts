import { create, type DescFile, type DescService } from '@bufbuild/protobuf';
import { type CodeGeneratorRequest, CodeGeneratorResponseSchema } from '@bufbuild/protobuf/wkt';
import { createEcmaScriptPlugin, type Plugin, type Schema, type Target } from '@bufbuild/protoplugin';
import { emitFile, operationsModule, type ServiceOperations } from './emit.js';
import { fault, OperationTypeResolver, type OperationTypes, startsOperation } from './operation-types.js';
import { OPTIONS_HELP, type PluginOptions, parseOptions } from './options.js';
import { methodName, moduleName } from './ts-proto-names.js';

const PLUGIN_NAME = 'protoc-gen-longrunning';

/** Invalid declarations of methods in .proto files. Each line names file, line, method and the fix. */
class ProtoFaults extends Error {
  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
  }
}

/**
 * Creates the plug-in. Errors in files and options are returned in the response, as protoc requires, and the
 * caller displays them.
 *
 * @param version - version to write into generated files.
 */
export function operationsPlugin(version: string): Plugin {
  const plugin = createEcmaScriptPlugin({
    name: PLUGIN_NAME,
    version,
    parseOptions,
    generateTs: generate,
    generateJs: generate,
    generateDts: generate,
  });
  return {
    ...plugin,
    run(request) {
      try {
        return plugin.run(withDefaultTarget(request));
      } catch (error) {
        if (error instanceof ProtoFaults) return failure(error.message);
        if (isOptionError(error)) return failure(`${error.message}\n${OPTIONS_HELP}`);
        throw error;
      }
    },
  };
}

/**
 * Makes TypeScript the default target, like ts-proto. The default of protoplugin is JavaScript. The last
 * given target wins.
 */
function withDefaultTarget(request: CodeGeneratorRequest): CodeGeneratorRequest {
  const parameter = ['target=ts', request.parameter].filter(Boolean).join(',');
  return { ...request, parameter };
}

function failure(error: string) {
  return create(CodeGeneratorResponseSchema, { error });
}

function isOptionError(error: unknown): error is Error {
  return error instanceof Error && error.name === 'PluginOptionError';
}

function generate(schema: Schema<PluginOptions>, target: Target): void {
  const resolver = new OperationTypeResolver(schema.allFiles);
  const faults: string[] = [];
  for (const file of schema.files) {
    const services = file.services.flatMap((service) => operationsOf(service, resolver, faults));
    if (services.length === 0) continue;
    faults.push(...takenModule(file, schema.allFiles));
    emitFile(schema, target, file, services);
  }
  if (faults.length > 0) throw new ProtoFaults(faults);
}

function operationsOf(
  service: DescService,
  resolver: OperationTypeResolver,
  faults: string[],
): ServiceOperations[] {
  const methods: OperationTypes[] = [];
  for (const method of service.methods.filter(startsOperation)) {
    const resolved = resolver.resolve(method);
    switch (resolved.kind) {
      case 'types':
        methods.push(resolved.types);
        break;
      case 'faults':
        faults.push(...resolved.faults);
        break;
    }
  }
  faults.push(...sameNames(methods));
  return methods.length > 0 ? [{ service, methods }] : [];
}

function sameNames(methods: readonly OperationTypes[]): string[] {
  const first = new Map<string, string>();
  return methods.flatMap(({ method }) => {
    const name = methodName(method.name);
    const other = first.get(name);
    if (other === undefined) first.set(name, method.name);
    return other === undefined
      ? []
      : [fault(method, [], `is called ${name}, as ${other} is: rename one of them`)];
  });
}

/**
 * Returns an error if ts-proto generates the same file: `x.operations.proto` collides with the plug-in's
 * output for `x.proto`.
 */
function takenModule(file: DescFile, files: readonly DescFile[]): string[] {
  const other = files.find((candidate) => moduleName(candidate) === operationsModule(file));
  if (!other) return [];
  return [
    `${file.proto.name}: its operations would be written where ts-proto writes ${other.proto.name}: rename that file`,
  ];
}
