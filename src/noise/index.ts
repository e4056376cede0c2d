import { NoiseEncrypter } from './encrypter.ts'
import type { NoiseComponents, NoiseInit } from './encrypter.ts'

/*
 * Noise: a connection whose bytes nobody else can read or change, between two peers that have proven who
 * they are. Noise_XX_25519_ChaChaPoly_SHA256, as libp2p uses it.
 *
 * The rules are in `docs/noise.md`. It works with every transport and muxer of libp2p, and in place of
 * `@libp2p/noise`, with which it shares the protocol and the interface.
 *
 *     encrypter -> handshake -> symmetric-state -> cipher-state    who is there, and which keys
 *     bytes -> Encryptor -> transport -> Decryptor -> bytes        noise-stream, with those keys
 *
 * Read `constants`, `handshake` and `encrypter` first, then `noise-stream`.
 */

/**
 * What `connectionEncrypters` takes.
 *
 * @throws RangeError, when it is made, for a `staticNoiseKey` that is none
 */
export function noise (init: NoiseInit = {}): (components: NoiseComponents) => NoiseEncrypter {
  return (components) => new NoiseEncrypter(components, init)
}

export { NOISE_PROTOCOL } from './constants.ts'
export { NoiseEncrypter } from './encrypter.ts'
export { NoiseError } from './errors.ts'
export { NoiseStream } from './noise-stream.ts'
export type { NoiseRule } from './errors.ts'
export type { NoiseComponents, NoiseInit } from './encrypter.ts'
export type { NoiseExtensions } from './payload.ts'
