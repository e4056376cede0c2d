import { memoryTransport } from './memory-transport.ts'
import { websocketTransport } from './providers/websocket/browser.ts'
import type { SchemeTable } from './scheme-table.ts'

/** What browsers speak, and whatever else has the web platform only. */
export const BROWSER_SCHEMES: SchemeTable = {
  memory: async () => memoryTransport,
  ws: async () => websocketTransport,
  wss: async () => websocketTransport
}
