import { sink } from '../byte-pipe.ts'
import type { Connection, Stream, Swarm } from '../../../src/index.ts'
import type { BytePipe, Purpose } from '../byte-pipe.ts'

const PROTOCOLS: Record<Purpose, string> = { echo: '/bench/echo/1.0.0', sink: '/bench/sink/1.0.0' }

/** What streams of a swarm and byte streams of channels have in common. */
type Bytes = Pick<Stream, 'read' | 'closeWrite'> & { write(bytes: Uint8Array): Promise<void> }

export class StreamPipe implements BytePipe {
  readonly #stream: Bytes

  constructor (stream: Bytes) {
    this.#stream = stream
  }

  write (bytes: Uint8Array): Promise<void> {
    return this.#stream.write(bytes)
  }

  end (): Promise<void> {
    return this.#stream.closeWrite()
  }

  async read (onBytes: (bytes: Uint8Array) => void): Promise<void> {
    for (let bytes = await this.#stream.read(); bytes != null; bytes = await this.#stream.read()) {
      onBytes(bytes)
    }
  }
}

export function serve (swarm: Swarm): void {
  swarm.handle(PROTOCOLS.echo, async (stream) => { await stream.pipeTo(stream) })
  swarm.handle(PROTOCOLS.sink, (stream) => sink(new StreamPipe(stream)))
}

export async function openPipe (swarm: Swarm, target: string, purpose: Purpose): Promise<BytePipe> {
  return new StreamPipe(await swarm.newStream(target, PROTOCOLS[purpose]))
}

export async function openOn (connection: Connection, purpose: Purpose): Promise<BytePipe> {
  return new StreamPipe(await connection.newStream(PROTOCOLS[purpose]))
}
