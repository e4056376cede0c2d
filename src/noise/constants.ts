/**
 * What the Noise and libp2p specifications fix, and the bounds of ours. `docs/noise.md` has the reasons;
 * `noise 2.1` in a comment is its section 2.1.
 */

export const NOISE_PROTOCOL = '/noise'

/** Hashed into every handshake; its 32 bytes are the first hash themselves. */
export const NOISE_NAME = 'Noise_XX_25519_ChaChaPoly_SHA256'

export const KEY_BYTES = 32

export const TAG_BYTES = 16

/** In front of every message: how many bytes it has. */
export const LENGTH_BYTES = 2

export const MAX_MESSAGE_BYTES = 65_535

/** Plaintext that one message holds. */
export const MAX_TEXT_BYTES = MAX_MESSAGE_BYTES - TAG_BYTES

/** A peer that nobody has proven yet makes us keep no more than this; noise 2.6. */
export const MAX_HANDSHAKE_MESSAGE_BYTES = 16 * 1024

/**
 * Messages with so much plaintext are sealed and opened by WebAssembly, longer ones by OpenSSL: the first
 * starts in 0.7 µs and costs 6 µs a KiB, the second starts in 3 µs and costs 0.4.
 */
export const MAX_SHORT_TEXT_BYTES = 512
