import { pause } from '../../base/index.ts'
import type { Clock, Random } from '../../base/index.ts'
import type { AbortOptions, PeerInfo, PeerRouting } from '@libp2p/interface'
import type { RandomWalk } from '@libp2p/interface-internal'

const KEY_BYTES = 32

/** After a query that found nobody, so that a lonely node does not spin. Doubles up to the maximum. */
export const WALK_PAUSE_MS = 1_000
export const WALK_MAX_PAUSE_MS = 60_000

export interface RandomWalkInit {
  clock: Clock
  random: Random
  peerRouting: Pick<PeerRouting, 'getClosestPeers'>
  /** Aborts when the swarm closes. */
  ended: AbortSignal
}

/** Finds peers at random places of the network, until the caller has enough. */
export class PluginRandomWalk implements RandomWalk {
  readonly #init: RandomWalkInit

  constructor (init: RandomWalkInit) {
    this.#init = init
  }

  get [Symbol.toStringTag] (): string {
    return '@libp2p/random-walk'
  }

  /** @throws what the routers throw, or the signal's reason */
  async * walk (options: AbortOptions = {}): AsyncGenerator<PeerInfo, void, undefined> {
    const { clock, peerRouting, ended } = this.#init
    const signal = options.signal == null ? ended : AbortSignal.any([ended, options.signal])
    let pauseMs = WALK_PAUSE_MS

    for (;;) {
      let isAlone = true

      signal.throwIfAborted()

      for await (const peer of peerRouting.getClosestPeers(this.#randomKey(), { signal })) {
        isAlone = false
        yield peer
        signal.throwIfAborted()
      }

      if (isAlone) {
        await pause(clock, pauseMs, signal)
      }

      pauseMs = isAlone ? Math.min(2 * pauseMs, WALK_MAX_PAUSE_MS) : WALK_PAUSE_MS
    }
  }

  #randomKey (): Uint8Array {
    return Uint8Array.from({ length: KEY_BYTES }, () => Math.floor(this.#init.random() * 256))
  }
}
