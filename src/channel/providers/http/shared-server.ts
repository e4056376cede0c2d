import { EventEmitter } from 'node:events'
import { intercept } from './intercept.ts'
import { withPortOf } from './own-server.ts'
import type { Taker } from './intercept.ts'
import type { TransportListener } from '../../contract/index.ts'
import type { Server } from 'node:net'

export interface SharingInit {
  /** Whose path is ours. */
  url: URL
  /** As it was given in the options. */
  server: object
  /** What comes with each request that may be ours, and who takes it. */
  event: string
  taker: Taker
  /** Called once, when the listener or the server closes. */
  onClose? (): void
}

/**
 * Listens on a server that is the application's, and leaves it open.
 *
 * @throws TypeError if it is no server
 */
export function shareServer ({ url, server: given, event, taker, onClose }: SharingInit): TransportListener {
  const server = toServer(given)
  const { promise: closed, resolve } = Promise.withResolvers<undefined>()
  const interception = intercept(server, event, taker)
  const close = (): void => {
    server.off('close', close)
    interception[Symbol.dispose]()
    onClose?.()
    resolve(undefined)
  }

  server.once('close', close)

  return {
    // it may begin to listen after us
    get url () {
      return withPortOf(url, server)
    },
    closed,
    close: async () => { close() }
  }
}

function toServer (given: object): Server {
  if (given instanceof EventEmitter && 'address' in given && typeof given.address === 'function') {
    return given as Server
  }

  throw new TypeError(`options.server must be a server of node:http, node:https or node:http2, received ${Object.prototype.toString.call(given)}`)
}
