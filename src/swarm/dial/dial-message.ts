import { headlineFor, isoTime } from './dial-reason.ts'
import type { DialPhase } from './dial-reason.ts'
import type { ErrorCode } from '../../base/index.ts'
import type { PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

/** What the message needs to know of the failure of one address. */
export interface Failure {
  readonly address: Multiaddr
  readonly code: ErrorCode
  readonly phase: DialPhase
  readonly reason: string
  readonly durationMs: number
  readonly tried: boolean
}

export interface Account {
  code: ErrorCode
  peer: PeerId | undefined
  /** Those that are listed. */
  failures: readonly Failure[]
  /** Those that are not. */
  skipped: number
  durationMs: number | undefined
  retryAt: number | undefined
  advice: string | undefined
}

/**
 * The text of a failed dial: what failed, one line an address, how many are left out, what to do.
 * Lines and their marks are those of go-libp2p, so that tools that read them go on working.
 */
export function describe (account: Account): string {
  const { failures, skipped, advice } = account
  const lines = [`failed to dial ${subject(account)}: ${headlineFor(account.code)}${scope(account)}`]

  for (const failure of failures) {
    lines.push(`  * [${failure.address.toString()}] ${failure.phase}: ${failure.reason}${timing(failure)}`)
  }

  if (skipped > 0) {
    lines.push(`    ... skipping ${skipped} errors ...`)
  }

  const next = advice ?? adviceFor(account)

  if (next != null) {
    lines.push(`  -> ${next}`)
  }

  return lines.join('\n')
}

function subject ({ peer, failures, skipped }: Account): string {
  const [only] = failures

  if (peer != null) {
    return peer.toString()
  }

  return only != null && failures.length + skipped === 1 ? only.address.toString() : 'a peer of unknown ID'
}

function scope ({ failures, skipped, durationMs }: Account): string {
  const count = failures.length + skipped
  const parts: string[] = []

  if (count > 0) {
    parts.push(`${count} ${count === 1 ? 'address' : 'addresses'}`)
  }

  if (durationMs != null) {
    parts.push(`${Math.round(durationMs)} ms`)
  }

  return parts.length === 0 ? '' : ` (${parts.join(', ')})`
}

function timing ({ tried, durationMs }: Failure): string {
  return tried || durationMs > 0 ? ` (${Math.round(durationMs)} ms)` : ''
}

/** What to do about each code; where it depends on the addresses, `adviceFor` decides. */
const ADVICE: Readonly<Partial<Record<ErrorCode, string>>> = {
  AllDialsFailed: 'check that the peer runs, and that these are its addresses today',
  BlackHole: 'nothing came back over this kind of network lately: pass { force: true } to dial all the same',
  DialTimeout: 'check that the peer can be reached, or allow more time with { timeoutMs } or dial.peerTimeoutMs',
  DialToSelf: 'this is our own peer ID or address: dial another peer',
  Gated: 'the connectionGater of this swarm refuses: change it if the peer is welcome',
  NoAddresses: 'add an address with peerStore.patch or dial a multiaddr',
  NoGoodAddresses: 'add an address that can be dialled, or a transport for one of these',
  NoTransport: 'add a transport for one of these addresses, or dial another address',
  ResolveFailed: 'check the name, and that this machine can ask its name server',
  ResourceLimit: 'close connections, or raise the limit that is named',
  SwarmClosed: 'create another swarm',
  TooManyDialAttempts: 'raise dial.dialAttempts, or dial again',
  UnexpectedPeer: 'another peer lives at this address: dial that one, or correct the address'
}

function adviceFor ({ code, failures, retryAt }: Account): string | undefined {
  if (code === 'DialBackoff') {
    return retryAt == null ? 'wait or pass { force: true }' : `wait until ${isoTime(retryAt)} or pass { force: true }`
  }

  if (code === 'NoGoodAddresses' || code === 'AllDialsFailed') {
    const [first, ...rest] = failures

    // when all addresses failed alike, what helps against that helps
    if (first != null && rest.every((failure) => failure.code === first.code)) {
      return ADVICE[first.code] ?? ADVICE[code]
    }
  }

  return ADVICE[code]
}
