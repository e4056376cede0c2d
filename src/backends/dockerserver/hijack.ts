import { once } from 'node:events'
import { after } from '../../base/index.ts'
import { RAW_STREAM } from '../docker-media.ts'
import { bytesOf } from './bytes.ts'
import { pumpIn, pumpOut } from './pump.ts'
import type { Exchange } from './exchange.ts'
import type { Answer } from './remote.ts'
import type { Clock } from '../../base/index.ts'
import type { ByteStream } from '../../channel/index.ts'
import type { Duplex } from 'node:stream'

/** How long a client that has got everything may take to close: what it still sends would otherwise break what it reads. */
export const LINGER_MS = 5000

/**
 * Turns a connection into that of a console: `101` for who asked to upgrade, else an answer up to the end of the
 * connection, with the body of the request for its input. Both directions end apart. Resolves when all is over.
 *
 * @throws ServiceError NoAnswer; what breaks the console, which is then reset
 */
export async function hijack (exchange: Exchange, answer: Answer): Promise<void> {
  const console = bytesOf(answer)
  const mediaType = answer.message.args[0] ?? RAW_STREAM

  try {
    await (exchange.upgraded == null ? answerRaw(exchange, console, mediaType) : upgrade(exchange, exchange.upgraded, console, mediaType))
  } catch (thrown) {
    console.reset('the connection of the client broke')
    throw thrown
  }
}

async function upgrade (exchange: Exchange, connection: Duplex, console: ByteStream, mediaType: string): Promise<void> {
  const head = [
    'HTTP/1.1 101 UPGRADED',
    `Content-Type: ${mediaType}`,
    'Connection: Upgrade',
    'Upgrade: tcp',
    '', ''
  ]

  exchange.takeOver()
  connection.write(head.join('\r\n'))

  const taken = pumpIn(connection, console)

  await pumpOut(console, connection, exchange.signal)
  connection.end()
  await once(connection, 'finish', { signal: exchange.signal }) // a slow reader is no idle one
  await linger(connection, taken, exchange.clock)
}

async function linger (connection: Duplex, taken: Promise<void>, clock: Clock): Promise<void> {
  const timer = after(clock, LINGER_MS, () => { connection.destroy() })

  try {
    await taken
  } finally {
    timer[Symbol.dispose]()
  }
}

async function answerRaw (exchange: Exchange, console: ByteStream, mediaType: string): Promise<void> {
  const { request, response, signal } = exchange

  // neither chunks nor a length: the bytes are those of the console, up to the end of the connection
  response.removeHeader('Transfer-Encoding')
  exchange.begin(200, { 'Content-Type': mediaType, Connection: 'close' })

  const taken = pumpIn(request, console)

  await pumpOut(console, response, signal)
  response.end()
  request.resume()
  await taken
}
