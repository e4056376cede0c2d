import { chmodSync } from 'node:fs'
import { lstat, unlink } from 'node:fs/promises'
import { connect } from 'node:net'

/** Only who runs the listener may connect: a socket has no other guard. */
const SOCKET_MODE = 0o600

export function guardSocket (path: string): void {
  chmodSync(path, SOCKET_MODE)
}

/**
 * Removes what a listener left behind that did not end well. Not a socket on which somebody answers, and
 * nothing that is no socket.
 *
 * @throws Error saying why it stays
 */
export async function removeStaleSocket (path: string): Promise<void> {
  const stat = await lstat(path)

  if (!stat.isSocket()) {
    throw new Error('there is a file of that name, which is no socket')
  }

  if (await answers(path)) {
    throw new Error('somebody else listens there')
  }

  await unlink(path)
}

/** Whether there may be a listener: only a refusal says for sure that there is none. */
async function answers (path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect({ path })

  socket.once('connect', () => { resolve(true) })
  socket.once('error', (error) => { resolve(!('code' in error) || error.code !== 'ECONNREFUSED') })

  try {
    return await promise
  } finally {
    socket.destroy()
  }
}
