import { CodedError, isCoded, toError } from '../../base/index.ts'
import type { ErrorCode } from '../../base/index.ts'
import type { StreamCloseEvent } from '@libp2p/interface'

/** What muxers and encrypters of the libp2p world call the ways in which a stream fails. */
const CODE_BY_NAME: Readonly<Record<string, ErrorCode>> = {
  StreamResetError: 'StreamReset',
  StreamAbortedError: 'StreamAborted',
  StreamClosedError: 'StreamClosed',
  StreamStateError: 'StreamClosed',
  StreamBufferError: 'StreamAborted',
  MuxerClosedError: 'ConnectionClosed',
  ConnectionClosedError: 'ConnectionClosed',
  ConnectionClosingError: 'ConnectionClosed',
  TooManyOutboundProtocolStreamsError: 'ResourceLimit'
}

const MEANING: Readonly<Partial<Record<ErrorCode, string>>> = {
  StreamReset: 'the peer reset the stream',
  StreamAborted: 'the stream was aborted on this side',
  StreamClosed: 'the stream is closed for writing',
  ConnectionClosed: 'the connection is closed',
  ResourceLimit: 'the muxer opens no more streams'
}

export interface Circumstances {
  /** Whether it began on this side. */
  local: boolean
  isConnected: boolean
  lossError(): Error
}

/**
 * What a raw stream threw, or the event with which it closed, as what that means: when the transport
 * is gone, streams end in any odd way, and it is the transport that was lost.
 */
export function explainFailure (thrown: unknown, { local, isConnected, lossError }: Circumstances): Error {
  const error = thrown instanceof Event ? (thrown as StreamCloseEvent).error : toError(thrown)
  const known = error == null ? undefined : toStreamError(error, local)

  return known == null || !isConnected ? lossError() : known
}

/** What a raw stream closed with, as one of our errors; `local` says on whose side that began. */
export function toStreamError (error: Error, local: boolean): Error {
  if (isCoded(error)) {
    return error
  }

  const code = CODE_BY_NAME[error.name] ?? (local ? 'StreamAborted' : 'StreamReset')
  const detail = error.message === '' ? '' : `: ${error.message}`

  return new CodedError(code, `${MEANING[code]}${detail}`, { cause: error })
}

export function closedForWriting (): CodedError {
  return new CodedError('StreamClosed', 'cannot write: our direction of the stream has ended')
}

export function closedForReading (): CodedError {
  return new CodedError('StreamClosed', 'cannot read: this side has closed the stream for reading, and what the peer still sends is thrown away')
}
