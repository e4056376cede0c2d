import { listenOver } from './listen-over.ts'
import { SCHEMES } from './schemes.ts'
import type { Listener, ListenOptions } from './contract/index.ts'
import type { OnSession } from './listen-over.ts'

/**
 * Accepts sessions, at the URLs that `connect` takes. Port 0 is one that is free: `url` of the listener has it.
 * `onSession` may be async; when it throws or rejects, that session is aborted with the error, and nothing else happens.
 * A session lives on when it returns, until one side closes it or the listener closes.
 *
 * @throws CodedError ListenFailed with the cause, InvalidAddress; RangeError, TypeError for options that make no sense
 */
export async function listen (url: string | URL, onSession: OnSession, options: ListenOptions = {}): Promise<Listener> {
  return listenOver(SCHEMES, url, onSession, options)
}
