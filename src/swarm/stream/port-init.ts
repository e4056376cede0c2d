import type { HandshakeInit } from './handshake.ts'
import type { PortReaderInit } from './port-reader.ts'

export interface StreamPortInit extends PortReaderInit {
  onWrite?(bytes: number): void
  /** Both directions have ended. Told before `closed` resolves, and like that not within the call that ended them. */
  onClosed?(): void
  /** The error of a stream whose transport went away without a word. */
  lossError?(): Error
  /** Whether the transport still works; an abort that comes from below when it does not is a loss. */
  isConnected?(): boolean
}

/** A negotiation that goes before all other reading. When it fails, so does the stream. */
export type PortNegotiation = Omit<HandshakeInit, 'onAgreed' | 'onFailed'> & Partial<Pick<HandshakeInit, 'onAgreed' | 'onFailed'>>
