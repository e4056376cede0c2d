import { MAX_ERROR_BYTES, unavailable } from './engine-error.ts'
import type { Socket } from 'node:net'

/** Of a status line and headers. */
export const MAX_HEAD_BYTES = 64 * 1024

export interface Head {
  readonly status: number
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>
}

/**
 * Reads the head of an HTTP answer, and leaves what came behind it to be read from the socket.
 *
 * @throws ServiceError Unavailable when the connection ends before, or speaks no HTTP
 */
export async function readHead (socket: Socket): Promise<Head> {
  for (;;) {
    const bytes = await readUntil(socket, MAX_HEAD_BYTES, (all) => {
      const index = all.indexOf('\r\n\r\n')

      return index < 0 ? undefined : index + 4
    })
    const head = parseHead(bytes.toString('latin1'))

    // an informational answer comes before the real one
    if (head.status === 101 || head.status >= 200) {
      return head
    }
  }
}

/** The body of an answer that tells of an error. What does not come in full is left out. */
export async function readErrorBody (socket: Socket, { headers }: Head): Promise<string> {
  const length = Number(headers.get('content-length') ?? NaN)
  const isChunked = /chunked/i.test(headers.get('transfer-encoding') ?? '')
  let body = ''

  try {
    await readUntil(socket, MAX_ERROR_BYTES, (all) => {
      const text = isChunked ? decodeChunks(all) : { isWhole: all.byteLength >= length, bytes: all }

      body = text.bytes.toString()

      return text.isWhole ? all.byteLength : undefined
    }, length === 0)
  } catch {
    // what has come tells more than that the rest has not
  }

  return body
}

/** Reads until `endOf` finds an end in all that came; what is behind that stays in the socket. */
async function readUntil (socket: Socket, maxBytes: number, endOf: (all: Buffer) => number | undefined, isEmpty = false): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  let all = Buffer.alloc(0)
  const onData = (chunk: Buffer): void => {
    all = Buffer.concat([all, chunk])

    const end = endOf(all)

    if (end != null) {
      resolve(all.subarray(0, end))
      socket.pause()

      if (end < all.byteLength) {
        socket.unshift(all.subarray(end))
      }
    } else if (all.byteLength > maxBytes) {
      reject(unavailable(`the engine sent a head of more than ${maxBytes} bytes`))
    }
  }
  const onLost = (cause?: unknown): void => { reject(unavailable('the engine closed the connection before it answered', cause)) }

  if (isEmpty) {
    return all
  }

  socket.on('data', onData).on('end', onLost).on('error', onLost).on('close', onLost).resume()

  try {
    return await promise
  } finally {
    socket.off('data', onData).off('end', onLost).off('error', onLost).off('close', onLost)
    socket.pause()
  }
}

function parseHead (text: string): Head {
  const [statusLine = '', ...lines] = text.split('\r\n')
  const [, status] = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(statusLine) ?? []

  if (status == null) {
    throw unavailable(`what answers there speaks no HTTP: ${JSON.stringify(statusLine.slice(0, 80))}`)
  }

  const headers = new Map<string, string>()

  for (const line of lines) {
    const colon = line.indexOf(':')

    if (colon > 0) {
      headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim())
    }
  }

  return { status: Number(status), headers }
}

/** RFC 9112 §7.1, as far as it has come. */
function decodeChunks (all: Buffer): { isWhole: boolean, bytes: Buffer } {
  const parts: Buffer[] = []
  let at = 0

  for (;;) {
    const lineEnd = all.indexOf('\r\n', at)
    const size = lineEnd < 0 ? NaN : parseInt(all.toString('latin1', at, lineEnd), 16)
    const start = lineEnd + 2

    if (!(size > 0) || start + size > all.byteLength) {
      return { isWhole: size === 0, bytes: Buffer.concat(parts) }
    }

    parts.push(all.subarray(start, start + size))
    at = start + size + 2
  }
}
