import { isCoded } from '../../../src/base/index.ts'
import type { ProviderStream, StreamProvider } from '../../../src/channel/contract/index.ts'

/** A link, and what it has told in words. */
export interface RecordedLink {
  readonly link: ProviderStream
  readonly log: string[]
  error: Error | undefined
  onData: (() => void) | undefined
}

export function recordLink (link: ProviderStream): RecordedLink {
  const recorded: RecordedLink = { link, log: [], error: undefined, onData: undefined }

  link.attach({
    onData: (bytes) => {
      recorded.log.push(`data ${bytes.join(',')}`)
      recorded.onData?.()
    },
    onEnd: () => { recorded.log.push('end') },
    onRoom: () => { recorded.log.push('room') },
    onClose: (error) => {
      recorded.error = error
      recorded.log.push(error == null ? 'close' : `close ${codeOf(error)}`)
    }
  })

  return recorded
}

export interface RecordedProvider {
  readonly streams: ProviderStream[]
  readonly log: string[]
}

export function startRecorded (provider: StreamProvider): RecordedProvider {
  const recorded: RecordedProvider = { streams: [], log: [] }

  provider.start({
    onStream: (stream) => { recorded.streams.push(stream) },
    onClose: (error) => { recorded.log.push(error == null ? 'close' : `close ${codeOf(error)}`) }
  })

  return recorded
}

function codeOf (error: Error): string {
  return isCoded(error) ? error.code : error.message
}
