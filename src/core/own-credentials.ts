import { ChannelCredentials } from '@grpc/grpc-js';

/**
 * Checks that credentials come from the copy of grpc-js that connects with them. It accepts no others.
 *
 * @throws TypeError that says what the value is and what to do.
 */
export function assertOwnCredentials(credentials: unknown): asserts credentials is ChannelCredentials {
  if (credentials instanceof ChannelCredentials) return;
  const { _isSecure: isSecure } = Object(credentials) as { readonly _isSecure?: unknown };
  if (typeof isSecure === 'function') {
    throw new TypeError(
      'credentials come from another copy of @grpc/grpc-js than longrunning uses: see "npm ls @grpc/grpc-js" and "npm dedupe", or give tls and token instead',
    );
  }
  throw new TypeError(
    'credentials are not ChannelCredentials of @grpc/grpc-js: create them with ChannelCredentials.createSsl() or createInsecure(), or give tls',
  );
}
