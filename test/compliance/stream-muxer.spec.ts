import muxerSuite from '@libp2p/interface-compliance-tests/stream-muxer'
import { yamux } from '@libp2p/yamux'
import { describe } from 'vitest'
import type { StreamMuxerFactory } from '@libp2p/interface'

function runSuite (create: () => StreamMuxerFactory): void {
  muxerSuite({
    async setup () { return create() },
    async teardown () {}
  })
}

describe('@libp2p/yamux', () => {
  runSuite(yamux())
})
