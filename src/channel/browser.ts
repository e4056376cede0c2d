/* As `index`, where there is no Node: over `ws:`, `wss:` and `memory:`, and without any module of Node. */
export { connect, listen } from './browser-connect.ts'
export * from './surface.ts'
