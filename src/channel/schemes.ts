import { memoryTransport } from './memory-transport.ts'
import type { ChannelTransport } from './contract/index.ts'
import type { SchemeTable } from './scheme-table.ts'

/** What Node speaks. */
export const SCHEMES: SchemeTable = {
  memory: async () => memoryTransport,
  unix: async () => (await import('./providers/socket/index.ts')).unixTransport,
  tcp: async () => (await import('./providers/socket/index.ts')).tcpTransport,
  tls: async () => (await import('./providers/socket/index.ts')).tlsTransport,
  ws: websocket,
  wss: websocket,
  http2,
  https2: http2,
  spdy,
  spdys: spdy
}

async function websocket (): Promise<ChannelTransport> {
  return (await import('./providers/websocket/index.ts')).websocketTransport
}

async function http2 (): Promise<ChannelTransport> {
  return (await import('./providers/http2/index.ts')).http2Transport
}

async function spdy (): Promise<ChannelTransport> {
  return (await import('./providers/spdy/index.ts')).spdyTransport
}
