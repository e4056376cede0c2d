import encryptionSuite from '@libp2p/interface-compliance-tests/connection-encryption'
import { defaultLogger } from '@libp2p/logger'
import { noise as npmNoise } from '@libp2p/noise'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { tls as npmTls } from '@libp2p/tls'
import { describe } from 'vitest'
import { noise } from '../../src/noise/index.ts'
import { tls } from '../../src/tls/index.ts'
import type { ConnectionEncrypter, PrivateKey, Upgrader } from '@libp2p/interface'
import type { NoiseComponents } from '@libp2p/noise'

type Components = NoiseComponents & { privateKey: PrivateKey }

/** The suite negotiates no muxer early, which is all that encrypters ask an upgrader for. */
const upgrader = { getStreamMuxers: () => new Map() } as unknown as Upgrader

function runSuite (create: (components: Components) => ConnectionEncrypter): void {
  encryptionSuite({
    async setup (args) {
      if (args == null) {
        throw new TypeError('the suite gave no private key')
      }

      const { privateKey } = args

      return create({ privateKey, peerId: peerIdFromPrivateKey(privateKey), logger: defaultLogger(), upgrader })
    },
    async teardown () {}
  })
}

describe('noise', () => {
  runSuite((components) => noise()(components))
})

describe('the noise of npm', () => {
  runSuite((components) => npmNoise()(components))
})

describe('tls', () => {
  runSuite((components) => tls()(components))
})

describe('the tls of npm', () => {
  runSuite((components) => npmTls()(components))
})
