import type { Comments } from './comments.js';
import type { MessageSchemas } from './message-schemas.js';

/** What the parts of one document are described with. */
export interface Describing {
  readonly comments: Comments;
  readonly schemas: MessageSchemas;
}
