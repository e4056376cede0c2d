export { websocketTransport } from './node-transport.ts'
