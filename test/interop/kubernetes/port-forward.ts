import type { PodSession, PodStream } from './session.ts'

/** At this port of the pod is an echo; at others is nobody. */
export const ECHO_PORT = 7

/** Each connection at the client is two streams, which have the same `requestID`. */
export function servePortForward (session: PodSession): void {
  const errors = new Map<string, PodStream>()

  session.start((stream) => {
    const id = stream.headers['requestid'] ?? ''

    if (stream.type === 'error') {
      errors.set(id, stream)
      return undefined
    }

    const error = errors.get(id)

    errors.delete(id)

    return error == null ? Promise.reject(new Error(`there is no error stream for request ${id}`)) : forward(stream, error)
  })
}

async function forward ({ headers, bytes: data }: PodStream, { bytes: error }: PodStream): Promise<void> {
  if (headers['port'] !== String(ECHO_PORT)) {
    await error.end(`nobody listens at ${headers['port']}`)
    await data.close()
    return
  }

  for await (const bytes of data) {
    await data.write(bytes)
  }

  await data.end()
  await error.end()
}
