import { CodedError, isCoded } from '../../base/index.ts'
import type { Coded } from '../../base/index.ts'
import type { Multiaddr } from '@multiformats/multiaddr'

/** One address that could not be listened on. */
export interface ListenFailure {
  address: Multiaddr
  /** In plain words, as 'address already in use (EADDRINUSE)'. */
  why: string
  /** ListenFailed, NoTransport or SwarmClosed; its message names the address too. */
  error: CodedError
}

/** None of the addresses could be listened on. The message has one line for each. */
export class ListenError extends AggregateError implements Coded {
  declare errors: CodedError[]
  readonly code = 'ListenFailed'
  readonly failures: readonly ListenFailure[]

  constructor (failures: readonly ListenFailure[]) {
    const lines = failures.map(({ address, why }) => `\n  ${address.toString()}: ${why}`)

    super(failures.map(({ error }) => error), `could not listen on any address:${lines.join('')}`)
    this.name = 'ListenError'
    this.failures = failures
  }
}

const PLAIN_WORDS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'this machine does not have that address',
  EAFNOSUPPORT: 'this machine does not support that kind of address',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOENT: 'no such file or directory',
  ENOTFOUND: 'the host name is not known',
  EINVAL: 'not an address to listen on',
  EMFILE: 'too many open files in this process',
  ENFILE: 'too many open files on this machine'
}

/** What was thrown while `address` was to be listened on, as its failure. */
export function listenFailure (address: Multiaddr, thrown: unknown): ListenFailure {
  const why = explain(thrown)
  const code = isCoded(thrown) ? thrown.code : 'ListenFailed'

  return { address, why, error: new CodedError(code, `could not listen on ${address.toString()}: ${why}`, { cause: thrown }) }
}

/** An error in plain words: those of the system have only a code in capitals. */
export function explain (thrown: unknown): string {
  if (!(thrown instanceof Error)) {
    return String(thrown)
  }

  const code = 'code' in thrown ? String(thrown.code) : ''
  const words = PLAIN_WORDS[code]

  return words == null ? thrown.message : `${words} (${code})`
}
