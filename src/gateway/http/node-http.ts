/**
 * `import` of `node:http` reads all that it exports, WebSocket too, and so loads what fetch is made of: 30 ms, ten times
 * what the rest takes.
 */
export const { createServer, STATUS_CODES } = process.getBuiltinModule('node:http');
