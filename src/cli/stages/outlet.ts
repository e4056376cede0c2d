import { raceSignal } from '../../base/index.ts'
import { exitStatusOf, fromErrorArgs, Server, VERBS } from '../../service/index.ts'
import { ReaderGone } from '../command.ts'
import type { Progress } from './progress.ts'
import type { StageVoice } from './stage-voice.ts'
import type { ByteStream } from '../../channel/index.ts'
import type { Call } from '../../service/index.ts'
import type { Context } from '../command.ts'

export interface OutletInit {
  readonly context: Pick<Context, 'stdout' | 'signal'>
  readonly voice: StageVoice
  readonly progress: Progress | undefined
}

/** Where the output of the last stage ends: its bytes on stdout, its words on stderr. */
export class Outlet {
  /** Why the output is not whole, if it is not. */
  failure: Error | undefined

  readonly server: Server
  readonly #init: OutletInit

  constructor (init: OutletInit) {
    this.#init = init
    // one way messages are handled one after the other: their order is that of what is printed
    this.server = new Server('the end of the pipeline')
      .onVerb(VERBS.file, async (call) => this.#onFile(call))
      .onLog(async ([stream = 'info', ...text]) => init.voice.log(stream, text[0] ?? ''))
      .onVerb(VERBS.error, async ({ args }) => init.voice.log('error', fromErrorArgs(args).message))
      .onVerb(VERBS.set, async ({ message }) => exitStatusOf(message) == null ? init.voice.log('set', message.args.join(' ')) : undefined)
  }

  async #onFile ({ args: [name = 'stdout'], att, message }: Call): Promise<void> {
    if (message.ret != null || att == null) {
      throw new TypeError('the end of the pipeline takes files with bytes, and gives none')
    }

    try {
      await (name === 'stderr' ? this.#init.voice.bytes(att) : this.#print(att))
    } catch (error) {
      this.failure ??= error as Error
      att.reset({ code: 0, message: 'nobody reads the output any more' })
    }
  }

  async #print (att: ByteStream): Promise<void> {
    const { context, progress } = this.#init

    for (let chunk = await att.read({ signal: context.signal }); chunk != null; chunk = await att.read({ signal: context.signal })) {
      await write(chunk, context)
      progress?.add(chunk.byteLength)
    }
  }
}

/** @throws the reason of the signal; with the code EPIPE, as a program that writes to a closed pipe, when the reader has gone */
export async function write (chunk: string | Uint8Array, { stdout, signal }: Pick<Context, 'stdout' | 'signal'>): Promise<void> {
  try {
    await raceSignal(stdout.write(chunk), signal)
  } catch (reason) {
    throw reason instanceof ReaderGone ? Object.assign(new Error('nobody reads the output any more', { cause: reason }), { code: 'EPIPE' }) : reason
  }
}
