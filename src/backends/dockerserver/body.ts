import { Readable } from 'node:stream'
import { concat } from '../../base/index.ts'
import { HttpError } from './http-error.ts'

/** Of a request: what describes a container, or an exec. It travels in one message, and those end at 4 MiB. */
export const MAX_BODY_BYTES = 2 * 1024 * 1024

/** A body up to the end of the stream. @throws HttpError 413; what the stream fails with */
export async function readBody (stream: Readable): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0

  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    size += (chunk as Uint8Array).byteLength

    if (size > MAX_BODY_BYTES) {
      throw tooLarge()
    }

    chunks.push(chunk as Uint8Array)
  }

  return new TextDecoder().decode(concat(chunks))
}

/**
 * A body of a known length from a connection that goes on behind it, as that of a request to upgrade does.
 *
 * @throws HttpError 400 when the connection ends first, 411, 413
 */
export async function takeBody (stream: Readable, length: string | undefined, isChunked: boolean): Promise<string> {
  assertLength(isChunked)

  const size = Number(length ?? '0')

  if (!Number.isSafeInteger(size) || size < 0 || size > MAX_BODY_BYTES) {
    throw tooLarge()
  }

  return new TextDecoder().decode(size === 0 ? new Uint8Array() : await takeBytes(stream, size))
}

/** The same as a stream of any length; it fails when the connection ends first. @throws HttpError 411 */
export function bodyBefore (stream: Readable, length: string | undefined, isChunked: boolean): Readable {
  assertLength(isChunked)

  return Readable.from(firstBytes(stream, Number(length ?? '0')))
}

async function * firstBytes (stream: Readable, size: number): AsyncGenerator<Uint8Array, void> {
  let missing = size

  if (missing === 0) {
    return
  }

  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    const bytes = chunk as Uint8Array

    yield bytes.subarray(0, missing)
    missing -= bytes.byteLength

    if (missing <= 0) {
      return // what lies behind is no request
    }
  }

  throw tooShort(size, size - missing)
}

function assertLength (isChunked: boolean): void {
  if (isChunked) {
    throw new HttpError(411, 'InvalidArgument', 'wanted a Content-Length with a request to upgrade, received a chunked body')
  }
}

async function takeBytes (stream: Readable, size: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let missing = size

  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    const bytes = chunk as Uint8Array

    chunks.push(bytes.subarray(0, missing))

    if (bytes.byteLength >= missing) {
      // what lies behind is no part of the body
      stream.unshift(bytes.subarray(missing))

      return concat(chunks)
    }

    missing -= bytes.byteLength
  }

  throw tooShort(size, size - missing)
}

function tooShort (size: number, received: number): HttpError {
  return new HttpError(400, 'InvalidArgument', `wanted a body of ${size} bytes, received ${received}`)
}

function tooLarge (): HttpError {
  return new HttpError(413, 'MessageTooLarge', `wanted a body of at most ${MAX_BODY_BYTES} bytes`)
}

/** @throws HttpError 400 unless it is a JSON object that is said to be one: a page in a browser cannot say so */
export function checkJson (text: string, mediaType: string | undefined): string {
  if (!/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(mediaType ?? '')) {
    throw new HttpError(400, 'InvalidArgument', `unsupported Content-Type header (${mediaType ?? 'none'}): must be 'application/json'`)
  }

  try {
    const value: unknown = JSON.parse(text)

    if (typeof value === 'object' && value != null && !Array.isArray(value)) {
      return text
    }
  } catch (cause) {
    throw new HttpError(400, 'InvalidArgument', text === '' ? 'invalid JSON: got EOF while reading request body' : `invalid JSON: ${String(cause)}`, { cause })
  }

  throw new HttpError(400, 'InvalidArgument', 'invalid JSON: wanted an object')
}
