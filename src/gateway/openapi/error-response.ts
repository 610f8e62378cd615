import { Code } from '../../core/status.js';
import type { JsonSchema } from './json-schema.js';
import type { Response } from './openapi-objects.js';

/** Describes the response of every failed call, given the schema of an Any. */
export function errorResponse(any: JsonSchema): Response {
  const error: JsonSchema = {
    type: 'object',
    properties: {
      code: { type: 'integer', description: 'The HTTP status.' },
      message: { type: 'string', description: 'Error message for developers.' },
      status: {
        type: 'string',
        description: 'The name of the gRPC code.',
        enum: Object.keys(Code).filter((name) => name !== 'OK'),
      },
      details: { type: 'array', items: any, description: 'Details such as `google.rpc.ErrorInfo`.' },
    },
    required: ['code', 'message', 'status'],
  };
  const schema: JsonSchema = { type: 'object', properties: { error }, required: ['error'] };
  return {
    description: 'An error (AIP-193).',
    content: { 'application/json': { schema } },
  };
}
