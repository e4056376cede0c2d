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
