import { listen, pipe } from '../../src/channel/index.ts'
import type { ByteStream, Listener, Receiver, Sender, Session } from '../../src/channel/index.ts'

/** What clients of the service send. */
export interface Job {
  word: string
  answers: Sender<Answer>
  stream: ByteStream
}

export interface Answer {
  word: string
  /** Gives the word once more. */
  again: Receiver<string>
}

/** A service behind the proxy, over HTTP/2 and over WebSockets: answers words, and echoes bytes. */
export class Behind implements AsyncDisposable {
  readonly sessions: Session[] = []
  readonly #listeners: Listener[] = []

  static async listen (): Promise<Behind> {
    const behind = new Behind()

    for (const scheme of ['http2', 'ws']) {
      behind.#listeners.push(await listen(`${scheme}://127.0.0.1:0/channels`, async (session) => {
        behind.sessions.push(session)
        await serve(session)
      }))
    }

    return behind
  }

  get ports (): { http2: number, ws: number } {
    const [http2 = 0, ws = 0] = this.#listeners.map(({ url }) => Number(new URL(url).port))

    return { http2, ws }
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await Promise.all(this.#listeners.map(async (listener) => listener.close()))
  }
}

async function serve (session: Session): Promise<void> {
  for await (const channel of session) {
    work(channel as Receiver<Job>).catch((error: Error) => { channel.cancel(error) })
  }
}

async function work (jobs: Receiver<Job>): Promise<void> {
  for await (const { word, answers, stream } of jobs) {
    if (word === '') {
      answers.abort({ code: 300, message: 'no word' })
      stream.reset({ code: 301, message: 'no word' })
      continue
    }

    const [again, more] = pipe<string>()

    await answers.send({ word: word.toUpperCase(), again })
    await more.send(word)
    await more.close()
    await answers.close()
    await echo(stream)
  }
}

async function echo (stream: ByteStream): Promise<void> {
  for await (const bytes of stream) {
    await stream.write(bytes)
  }

  await stream.closeWrite()
}
