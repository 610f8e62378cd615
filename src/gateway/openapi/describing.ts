import type { DescMethod } from '@bufbuild/protobuf';
import type { Comments } from './comments.js';
import type { MessageSchemas } from './message-schemas.js';
import type { OperationTypes } from './operation-types.js';

/** Shared context for describing one document. */
export interface Describing {
  readonly comments: Comments;
  readonly schemas: MessageSchemas;
  readonly operationTypesOf: (method: DescMethod) => OperationTypes | undefined;
}
