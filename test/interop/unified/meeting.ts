import { RedisError } from './redis.ts'
import type { Redis } from './redis.ts'

/** Redis blocks for so long before it is asked again. */
const WAIT_SECONDS = '1'

/**
 * Tells the dialer where to dial. As the programs of go-libp2p, js-libp2p and rust-libp2p do, this makes the
 * key a list of one address: who waits for a list is woken at once.
 */
export async function tellAddress (redis: Redis, key: string, address: string): Promise<void> {
  await redis.send('DEL', key) // what an earlier run has left may be of another type
  await redis.send('RPUSH', key, address)
}

/**
 * The address that a listener tells, as soon as it does. The document of unified testing speaks of a plain
 * value (SET), programs make a list (RPUSH): either is taken.
 */
export async function learnAddress (redis: Redis, key: string, signal: AbortSignal): Promise<string> {
  while (!signal.aborted) {
    const found = await popOrGet(redis, key).catch((err: unknown) => {
      if (!signal.aborted) {
        throw err
      }
    })

    if (found != null) {
      return found
    }
  }

  throw new Error(`no listener told its address under ${key}`, { cause: signal.reason })
}

async function popOrGet (redis: Redis, key: string): Promise<string | undefined> {
  try {
    const reply = await redis.send('BLPOP', key, WAIT_SECONDS)

    return Array.isArray(reply) ? String(reply[1]) : undefined
  } catch (err) {
    if (!(err instanceof RedisError) || !err.message.startsWith('WRONGTYPE')) {
      throw err
    }
  }

  const reply = await redis.send('GET', key)

  return typeof reply === 'string' ? reply : undefined
}
