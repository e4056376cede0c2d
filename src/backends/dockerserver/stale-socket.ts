import { lstat, unlink } from 'node:fs/promises'
import { connect } from 'node:net'
import { ServiceError } from '../../service/index.ts'

/**
 * Removes the socket of a server that did not end well; not one on which somebody answers, and nothing that is no socket.
 *
 * @throws ServiceError AlreadyExists saying why it stays; what the file system fails with
 */
export async function removeStaleSocket (path: string): Promise<void> {
  const stat = await lstat(path)

  if (!stat.isSocket()) {
    throw new ServiceError('AlreadyExists', `wanted to listen on unix://${path}, but there is a file of that name which is no socket`)
  }

  if (await answers(path)) {
    throw new ServiceError('AlreadyExists', `wanted to listen on unix://${path}, but somebody listens there already`)
  }

  await unlink(path)
}

/** Only a refusal says for sure that nobody listens. */
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
