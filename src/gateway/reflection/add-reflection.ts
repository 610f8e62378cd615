import type { FileRegistry } from '@bufbuild/protobuf';
import type { handleBidiStreamingCall, Server } from '@grpc/grpc-js';
import {
  type ServerReflectionRequest,
  type ServerReflectionResponse,
  ServerReflectionService,
} from '../../../generated/grpc/reflection/v1/reflection.js';
import { assertWireFormat } from '../../core/any.js';
import { toServerError } from '../../core/grpc-status.js';
import { gatewayLogger, type Logger } from '../../core/logger.js';
import { internalError } from '../http/internal-error.js';
import { registryOf, type ServiceDescription } from '../openapi/service-description.js';
import { type AnnotatedOperation, MethodAnnotations } from './method-annotations.js';
import { ReflectedFiles } from './reflected-files.js';
import { ReflectionAnswers } from './reflection-answers.js';

/** What {@link addReflection} tells of. */
export interface ReflectionOptions extends Pick<ServiceDescription, 'descriptors' | 'annotationOf'> {
  /**
   * Long-running methods whose `operation_info` the descriptors have lost, as the `methods` of a `Schema`.
   *
   * @defaultValue none: what the descriptors say
   */
  readonly operationMethods?: readonly AnnotatedOperation[];
  /**
   * Full names of services that the server has besides those of the descriptors, such as `grpc.health.v1.Health`.
   *
   * @defaultValue none
   */
  readonly services?: readonly string[];
  /** Where errors go that no client is told. @defaultValue standard error */
  readonly logger?: Logger;
}

/** What a server tells of itself. */
export interface Reflection {
  /** Tells of something else from now on: for a server that comes to serve more. */
  replace(options: ReflectionOptions): void;
}

/** The older version has the same messages under another name. */
const PATHS = [
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
];

type ReflectionHandler = handleBidiStreamingCall<ServerReflectionRequest, ServerReflectionResponse>;

/**
 * Adds `grpc.reflection.v1.ServerReflection`, and `v1alpha`, to a server: grpcurl, `buf curl` and the like then call it
 * without its protos. Custom options such as HTTP rules are served, and all that is imported.
 *
 * @throws TypeError when the descriptors are none.
 *
 * @example
 * ```ts
 * addReflection(server, { descriptors: readFileSync('api.binpb'), services: ['grpc.health.v1.Health'] });
 * ```
 */
export function addReflection(server: Server, options: ReflectionOptions = {}): Reflection {
  let answers = answersOf(options);
  const logger = gatewayLogger(options.logger);
  const serverReflectionInfo: ReflectionHandler = (call) => {
    let hasFailed = false;
    call.on('data', (request) => {
      if (hasFailed) return;
      try {
        // Whoever does not read the answers is not read from either.
        if (call.write(answers().to(request))) return;
        call.pause();
        call.once('drain', () => call.resume());
      } catch (error) {
        hasFailed = true;
        logger.error({ err: error }, 'reflection failed unexpectedly');
        call.emit('error', toServerError(internalError(error)));
      }
    });
    call.on('end', () => call.end());
    // The client is gone, or what it sent is no message: grpc-js has answered.
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

/** Descriptors are read now, for they may be none; what is told of them is put together when somebody asks first. */
function answersOf(options: ReflectionOptions): () => ReflectionAnswers {
  const registry = registryOf(options);
  let answers: ReflectionAnswers | undefined;
  return () => {
    answers ??= describe(registry, options);
    return answers;
  };
}

function describe(registry: FileRegistry, options: ReflectionOptions): ReflectionAnswers {
  const files = new ReflectedFiles(registry, new MethodAnnotations(options));
  const declared = Array.from(registry).flatMap((type) => (type.kind === 'service' ? type.typeName : []));
  const reflection = PATHS.map((path) => path.split('/')[1] ?? '');
  return new ReflectionAnswers(files, [...declared, ...reflection, ...(options.services ?? [])]);
}
