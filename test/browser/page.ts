import { systemClock } from '../../src/base/index.ts'
import { connect, listen, pipe, select } from '../../src/channel/browser.ts'
import type { ByteStream, Receiver, Sender, Session } from '../../src/channel/browser.ts'

/*
 * What the page does: each scenario connects to `url` and returns what the test wants to see. `channel.spec.ts`
 * bundles this file and runs it in Chromium.
 */

/** What happened to a promise that fails, as the test can see it. */
async function failure (promise: Promise<unknown>): Promise<unknown> {
  return promise.then((value) => ({ value }), (error: Error & { code?: string, reason?: object }) => ({
    code: error.code,
    message: error.message,
    reason: error.reason
  }))
}

async function send (session: Session, message: object): Promise<void> {
  const sender = session.newSendChannel()

  await sender.send(message)
  await sender.close()
}

async function pour (stream: ByteStream, total: number): Promise<void> {
  const chunk = new Uint8Array(64 * 1024).fill(7)

  for (let written = 0; written < total; written += chunk.byteLength) {
    await stream.write(chunk)
  }

  await stream.closeWrite()
}

async function drain (stream: ByteStream): Promise<{ total: number, isSame: boolean }> {
  let total = 0
  let isSame = true

  for await (const bytes of stream) {
    total += bytes.byteLength
    isSame &&= bytes.every((byte) => byte === 7)
  }

  return { total, isSame }
}

const scenarios = {
  /** A call whose answer comes in a channel within the call, and has a channel within itself. */
  async call (url: string): Promise<unknown> {
    await using session = await connect(url)
    const [answers, answer] = session.createNestedReceiver<{ text: string, more: Receiver<number> }>()

    await send(session, { do: 'answer', text: 'hello', answer })

    const { value } = await answers.receive()
    const numbers: number[] = []

    for await (const number of value?.more ?? []) {
      numbers.push(number)
    }

    return { text: value?.text, numbers, transport: session.transport, remoteAddress: session.remoteAddress }
  },

  async echoBytes (url: string, total: number): Promise<unknown> {
    await using session = await connect(url)
    const [stream, remote] = session.createByteStream()

    await send(session, { do: 'echo', stream: remote })

    const [echoed] = await Promise.all([drain(stream), pour(stream, total)])

    return echoed
  },

  /** Bytes that nobody reads hold up themselves, and nothing else. */
  async stall (url: string): Promise<unknown> {
    const session = await connect(url)
    const [stream, remote] = session.createByteStream()
    const chunk = new Uint8Array(64 * 1024)
    let written = 0

    await send(session, { do: 'hold', stream: remote })

    const flood = (async () => {
      for (;;) {
        await stream.write(chunk)
        written += chunk.byteLength
      }
    })()

    flood.catch(() => {})

    for (let call = 0; call < 50; call++) {
      const [answers, answer] = session.createNestedReceiver()

      await send(session, { do: 'answer', text: 'still here', answer })
      await answers.receive()
    }

    // what is held back would hold up a graceful close, too
    session.abort()

    return written
  },

  async selects (url: string): Promise<unknown> {
    await using session = await connect(url)
    const [answers, answer] = session.createNestedReceiver<{ text: string }>()
    const [never] = pipe<string>()
    const seen: unknown[] = []

    seen.push((await select({ answers, never, late: { afterMs: 5 } })).name)
    await send(session, { do: 'answer', text: 'chosen', answer })

    const result = await select({ answers, never })

    seen.push(result.name, result.name === 'answers' ? result.value?.text : undefined)

    const controller = new AbortController()

    controller.abort('enough')
    seen.push((await select({ never, stop: controller.signal })).name)

    return seen
  },

  /** Two sides in one page. */
  async memory (): Promise<unknown> {
    await using listener = await listen('memory:page', async (session) => {
      for await (const channel of session) {
        for await (const { answer } of channel as Receiver<{ answer: Sender<string> }>) {
          await answer.send('from memory')
        }
      }
    })
    await using session = await connect(listener.url)
    const [answers, answer] = session.createNestedReceiver()

    await send(session, { answer })

    return (await answers.receive()).value
  },

  async abort (url: string): Promise<unknown> {
    await using session = await connect(url)
    const [answers, answer] = session.createNestedReceiver()

    await send(session, { do: 'abort', answer })

    return await failure(answers.receive())
  },

  /** The other side says what it was told. */
  async cancel (url: string): Promise<unknown> {
    await using session = await connect(url)
    const [answers, answer] = session.createNestedReceiver()
    const [reports, report] = session.createNestedReceiver()

    await send(session, { do: 'report', answer, report })
    await answers.receive()
    answers.cancel({ code: 301, message: 'seen enough' })

    return (await reports.receive()).value
  },

  async loss (url: string): Promise<unknown> {
    const session = await connect(url)
    const [stream, remote] = session.createByteStream()
    const [answers, answer] = session.createNestedReceiver()

    await send(session, { do: 'hangUp', stream: remote, answer })

    const failures = await Promise.all([failure(stream.read()), failure(answers.receive())])
    const { by, error } = await session.closed

    return { failures: failures.map((seen) => (seen as { code: string }).code), by, error: (error as Error & { code: string }).code }
  },

  async closeByServer (url: string): Promise<unknown> {
    const session = await connect(url)

    await send(session, { do: 'close' })

    const { by, error } = await session.closed

    return { by, error: error?.message }
  },

  async refused (url: string): Promise<unknown> {
    const from = systemClock.now()
    const seen = await failure(connect(url))

    return { seen, isSoon: systemClock.now() - from < 10_000 }
  },

  async withHeader (url: string): Promise<unknown> {
    return failure(connect(url, { headers: { authorization: 'Bearer x' } }))
  },

  async listens (url: string): Promise<unknown> {
    return failure(listen(url, () => {}))
  }
}

export type Scenarios = typeof scenarios

Object.assign(globalThis, { scenarios })
