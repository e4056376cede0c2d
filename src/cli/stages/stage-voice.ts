import { StringDecoder } from 'node:string_decoder'
import { printable } from '../style.ts'
import type { Facts } from '../output.ts'

/** What becomes of what stages say beside their output. */
export const STDERR_MODES = ['prefix', 'raw', 'none'] as const

export type StderrMode = typeof STDERR_MODES[number]

/** A longer line is shown in pieces. In UTF-16 units. */
export const MAX_LINE = 16 * 1024

/** Of the name of a stage before its lines. */
const MAX_LABEL = 24

export interface VoiceInit {
  /** From 1. */
  readonly stage: number
  readonly name: string
  /** In a node with many services, the one that the stage belongs to. */
  readonly service?: string | undefined
  readonly mode: StderrMode
  readonly json: boolean
  write(chunk: string | Uint8Array): Promise<void>
}

/** What one stage says on stderr: its own bytes, or lines that tell which stage says them. */
export class StageVoice {
  readonly #init: VoiceInit
  readonly #prefix: string

  constructor (init: VoiceInit) {
    this.#init = init
    this.#prefix = `${init.service == null ? '' : `${init.service}: `}${init.stage} ${label(init.name)}: `
  }

  /** Bytes, at the pace of whoever reads. Each source is decoded by itself: a character of one is never cut by another. */
  async bytes (source: AsyncIterable<Uint8Array>): Promise<void> {
    const { mode, json, write } = this.#init
    const lines = new Lines()

    for await (const chunk of source) {
      if (mode === 'raw' && !json) {
        await write(chunk)
      } else {
        await this.#say('stderr', lines.push(chunk))
      }
    }

    await this.#say('stderr', lines.end())
  }

  /** A line that is not of a file: a log. */
  async log (stream: string, text: string): Promise<void> {
    await this.#say(stream, text.replace(/\n$/, '').split('\n'))
  }

  async #say (stream: string, lines: readonly string[]): Promise<void> {
    const { stage, name, service, mode, json, write } = this.#init

    for (const text of mode === 'none' ? [] : lines) {
      await write(json ? toEvent({ ...(service == null ? {} : { service }), stage, name, stream, text }) : `${mode === 'prefix' ? this.#prefix : ''}${printable(text)}\n`)
    }
  }
}

function toEvent (facts: Facts): string {
  return `${JSON.stringify({ event: 'said', ...facts })}\n`
}

/** The backend and what it is about: `exec grep`. */
function label (name: string): string {
  const short = name.split(' ').slice(0, 2).join(' ')

  return short.length > MAX_LABEL ? `${short.slice(0, MAX_LABEL - 1)}…` : short
}

/** Bytes as lines of text. */
class Lines {
  readonly #decoder = new StringDecoder('utf8')
  #rest = ''

  push (chunk: Uint8Array): string[] {
    return this.#take(this.#decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)))
  }

  /** What is left without a line feed. */
  end (): string[] {
    const lines = this.#take(this.#decoder.end())
    const rest = this.#rest

    this.#rest = ''

    return rest === '' ? lines : [...lines, rest]
  }

  #take (text: string): string[] {
    const lines = `${this.#rest}${text}`.split('\n')

    this.#rest = lines.pop() ?? ''

    while (this.#rest.length > MAX_LINE) {
      lines.push(this.#rest.slice(0, MAX_LINE))
      this.#rest = this.#rest.slice(MAX_LINE)
    }

    return lines
  }
}
