import { byteStreamPair } from '../../channel/index.ts'
import { ServiceError } from '../../service/index.ts'
import { pumpIn, pumpOut } from './pump.ts'
import type { Exchange } from './exchange.ts'
import type { Answer } from './remote.ts'
import type { ByteStream } from '../../channel/index.ts'

/** @throws ServiceError NoAnswer when none came along */
export function bytesOf ({ message: { att } }: Answer): ByteStream {
  if (att == null) {
    throw new ServiceError('NoAnswer', 'wanted a byte stream, received an answer without one')
  }

  return att
}

/** Answers with the bytes that came along, up to their end. @throws ServiceError NoAnswer; what breaks them */
export async function answerBytes (exchange: Exchange, answer: Answer, headers: Readonly<Record<string, string>>): Promise<void> {
  const bytes = bytesOf(answer)

  try {
    exchange.begin(200, headers)
    await pumpOut(bytes, exchange.response, exchange.signal)
    await bytes.close()
    exchange.response.end()
  } catch (thrown) {
    bytes.reset('the HTTP client has gone')
    throw thrown
  }
}

/** Gives the body of the request away as it comes, at the pace of whoever reads it. @throws what `give` throws */
export async function giveBody (exchange: Exchange, give: (body: ByteStream) => Promise<void>): Promise<void> {
  const [here, there] = byteStreamPair()
  const pumped = pumpIn(exchange.bodyStream(), here)

  try {
    await give(there)
  } finally {
    here.reset('the request has been answered')
  }

  await pumped
}
