import type { FileRegistry } from '@bufbuild/protobuf';
import type { handleBidiStreamingCall, Server } from '@grpc/grpc-js';
import {
  type ServerReflectionRequest,
  type ServerReflectionResponse,
  ServerReflectionService,
} from '../../../generated/grpc/reflection/v1/reflection.js';
import { assertWireFormat } from '../../core/any.js';
import { toServerError } from '../../core/grpc-status.js';
import { type Logger, serverLogger } from '../../core/logger.js';
import { internalError } from '../../core/status.js';
import { registryOf } from '../../schema/descriptor-set.js';
import { type AnnotationSources, MethodAnnotations } from './method-annotations.js';
import { ReflectedFiles } from './reflected-files.js';
import { ReflectionAnswers } from './reflection-answers.js';

/** Services to describe, and sources of the options that their descriptors have lost. */
export type ReflectedServices = NonNullable<Parameters<typeof addReflection>[1]> & AnnotationSources;

/** Handle on the reflection service of a server. */
export interface Reflection {
  /** Describes other services from now on, for a server that adds services at run time. */
  replace(options: ReflectedServices): void;
}

/** The older version has the same messages under another name. */
const PATHS = [
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
];

type ReflectionHandler = handleBidiStreamingCall<ServerReflectionRequest, ServerReflectionResponse>;

/**
 * Adds `grpc.reflection.v1.ServerReflection` and its `v1alpha` version to a server. Tools such as grpcurl and
 * `buf curl` can then call the server without its protos. The files include custom options such as HTTP rules,
 * and all imports.
 *
 * @throws TypeError if the descriptors are invalid.
 *
 * @example
 * ```ts
 * addReflection(server, { descriptors: readFileSync('api.binpb'), services: ['grpc.health.v1.Health'] });
 * ```
 */
export function addReflection(
  server: Server,
  options: {
    /**
     * Services to describe: an encoded `google.protobuf.FileDescriptorSet` with all imports, or a registry of
     * `@bufbuild/protobuf`.
     *
     * @defaultValue only `google.longrunning.Operations`
     */
    readonly descriptors?: Uint8Array | FileRegistry | undefined;
    /**
     * Full names of services that the server offers in addition to those of the descriptors, such as
     * `grpc.health.v1.Health`.
     *
     * @defaultValue none
     */
    readonly services?: readonly string[] | undefined;
    /** Receives errors that are hidden from clients. @defaultValue standard error */
    readonly logger?: Logger | undefined;
  } = {},
): void {
  addChangeableReflection(server, options);
}

/** Like {@link addReflection}, for services that change. */
export function addChangeableReflection(server: Server, options: ReflectedServices): Reflection {
  let answers = answersOf(options);
  const logger = serverLogger(options.logger);
  const serverReflectionInfo: ReflectionHandler = (call) => {
    let hasFailed = false;
    call.on('data', (request) => {
      if (hasFailed) return;
      try {
        // Back-pressure: stop reading from a client that does not read its responses.
        if (call.write(answers().to(request))) return;
        call.pause();
        call.once('drain', () => call.resume());
      } catch (error) {
        hasFailed = true;
        logger.error({ err: error }, 'reflection failed unexpectedly');
        call.emit('error', toServerError(internalError(call.getPath(), error)));
      }
    });
    call.on('end', () => call.end());
    // The client is gone, or sent bytes that are not a message. grpc-js has already responded.
    call.on('error', () => {});
  };
  for (const path of PATHS) {
    server.addService({ serverReflectionInfo: methodAt(path) }, { serverReflectionInfo });
  }
  return {
    replace(replacement) {
      answers = answersOf(replacement);
    },
  };
}

function methodAt(path: string) {
  const { serverReflectionInfo } = ServerReflectionService;
  return {
    ...serverReflectionInfo,
    path,
    requestDeserialize(bytes: Buffer) {
      assertWireFormat(bytes);
      return serverReflectionInfo.requestDeserialize(bytes);
    },
  };
}

/** Reads the descriptors at once, because they may be invalid. Builds the responses lazily, on the first request. */
function answersOf(options: ReflectedServices): () => ReflectionAnswers {
  const registry = registryOf(options.descriptors);
  let answers: ReflectionAnswers | undefined;
  return () => {
    answers ??= describe(registry, options);
    return answers;
  };
}

function describe(registry: FileRegistry, options: ReflectedServices): ReflectionAnswers {
  const files = new ReflectedFiles(registry, new MethodAnnotations(options));
  const declared = Array.from(registry).flatMap((type) => (type.kind === 'service' ? type.typeName : []));
  const reflection = PATHS.map((path) => path.split('/')[1] ?? '');
  return new ReflectionAnswers(files, [...declared, ...reflection, ...(options.services ?? [])]);
}
