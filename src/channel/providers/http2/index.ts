export { http2Transport } from './node-transport.ts'
