import { BROWSER_SCHEMES } from './browser-schemes.ts'
import { connectOver } from './connect-over.ts'
import { listenOver } from './listen-over.ts'
import type { ConnectOptions, Listener, ListenOptions, Session } from './contract/index.ts'
import type { OnSession } from './listen-over.ts'

/** As in Node, over `ws:`, `wss:` and `memory:`. */
export async function connect (url: string | URL, options: ConnectOptions = {}): Promise<Session> {
  return connectOver(BROWSER_SCHEMES, url, options)
}

/** As in Node, over `memory:`. */
export async function listen (url: string | URL, onSession: OnSession, options: ListenOptions = {}): Promise<Listener> {
  return listenOver(BROWSER_SCHEMES, url, onSession, options)
}
