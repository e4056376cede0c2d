import { toError } from '../base/index.ts'
import type { ByteStream } from '../channel/index.ts'

/** A stream that gets a copy; it must not wait for ever. */
export interface BytesCopy {
  write(bytes: Uint8Array): Promise<void>
  end(): Promise<void>
  reset(error: Error): void
  /** It takes no more: it was slow, or has gone. */
  onFailed(error: Error): Promise<void>
}

/**
 * Connects two byte streams with each other, and gives a copy of what goes from `source` to `main` to others, at the pace of the
 * slowest. The two directions end apart from each other. A copy that fails is told of, and left out; what fails
 * between the two resets them both, and the copies.
 *
 * @throws that
 */
export async function splitBytes (source: ByteStream, main: ByteStream, copies: Iterable<BytesCopy>): Promise<void> {
  const all = new Set(copies)

  try {
    await Promise.all([give(source, main, all), answer(main, source)])
  } catch (thrown) {
    const error = toError(thrown)

    for (const stream of [source, main, ...all]) {
      stream.reset(error)
    }

    throw error
  }
}

async function give (source: ByteStream, main: ByteStream, copies: Set<BytesCopy>): Promise<void> {
  const toCopies = async (work: (copy: BytesCopy) => Promise<void>): Promise<void> => {
    await Promise.all(Array.from(copies, async (copy) => {
      try {
        await work(copy)
      } catch (thrown) {
        copies.delete(copy)
        copy.reset(toError(thrown))
        await copy.onFailed(toError(thrown))
      }
    }))
  }

  for (let bytes = await source.read(); bytes != null; bytes = await source.read()) {
    const taken = bytes

    await Promise.all([main.write(taken), toCopies(async (copy) => copy.write(taken))])
  }

  await Promise.all([main.closeWrite(), toCopies(async (copy) => copy.end())])
}

/** What is written into `main` goes back. */
async function answer (main: ByteStream, source: ByteStream): Promise<void> {
  for (let bytes = await main.read(); bytes != null; bytes = await main.read()) {
    await source.write(bytes)
  }

  await source.closeWrite()
}
