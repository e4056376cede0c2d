import { once } from 'node:events'
import { createServer } from 'node:http'
import type { RequestListener, Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An application's own HTTP server, which knows nothing of channels. */
export interface AppServer extends AsyncDisposable {
  server: Server
  port: number
  url: string
}

export async function appServer (onRequest?: RequestListener): Promise<AppServer> {
  const server = createServer(onRequest)

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const { port } = server.address() as AddressInfo

  return {
    server,
    port,
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    }
  }
}
