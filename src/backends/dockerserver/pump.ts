import { once } from 'node:events'
import type { ByteStream } from '../../channel/index.ts'
import type { Readable, Writable } from 'node:stream'

/** Writes, and waits for room. @throws the signal's reason; the signal MUST abort when the writable closes */
export async function writeTo (writable: Writable, bytes: Uint8Array | string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()

  if (!writable.write(bytes)) {
    await once(writable, 'drain', { signal }).catch((thrown: unknown) => { throw signal.aborted ? signal.reason : thrown })
  }
}

/** Everything up to the end of `from`, at the pace of `to`, which stays open. @throws as `ByteStream.read`, the signal's reason */
export async function pumpOut (from: ByteStream, to: Writable, signal: AbortSignal): Promise<void> {
  for (;;) {
    const bytes = await from.read({ signal })

    if (bytes == null) {
      return
    }

    await writeTo(to, bytes, signal)
  }
}

/**
 * Everything up to the end of `from`, at the pace of `to`, then that end. Anything but an end of `from` resets `to`.
 * When `to` takes no more, the rest is thrown away: what it says may go on. Never rejects.
 */
export async function pumpIn (from: Readable, to: ByteStream): Promise<void> {
  let isTaken = true

  try {
    // whoever owns `from` ends it: it may still be written to
    for await (const chunk of from.iterator({ destroyOnReturn: false })) {
      isTaken &&= await to.write(chunk as Uint8Array).then(() => true, () => false)
    }

    if (isTaken) {
      await to.end()
    }
  } catch {
    to.reset('the client has gone')
  }
}
