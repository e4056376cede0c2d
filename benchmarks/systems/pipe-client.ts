/* A client whose system gives pipes: the questions about bytes and messages, the same way for all of them. */
import { Requester, bulk, messages } from './byte-pipe.ts'
import { NotOffered } from './system.ts'
import type { BytePipe, Purpose } from './byte-pipe.ts'
import type { Amount, ClientEnd, Done } from './system.ts'

/** Where the pipes of a client come from. */
export interface PipeSource {
  /** How many pipes share the connection. */
  readonly streams: 'one' | 'many'
  open (purpose: Purpose): Promise<BytePipe>
  close (): Promise<void>
}

export class PipeClient<Source extends PipeSource = PipeSource> implements ClientEnd {
  protected readonly source: Source
  #requester: Promise<Requester> | undefined

  constructor (source: Source) {
    this.source = source
  }

  async bulk (amount: Amount, streams: number): Promise<Done> {
    if (streams > 1 && this.source.streams === 'one') {
      throw new NotOffered('one connection is one stream')
    }

    return bulk(await Promise.all(Array.from({ length: streams }, () => this.source.open('sink'))), amount)
  }

  async messages (amount: Amount): Promise<Done> {
    return messages(await this.source.open('sink'), amount)
  }

  async requests (amount: Amount, outstanding: number): Promise<Done> {
    return (await this.requester()).requests(amount, outstanding)
  }

  async close (): Promise<void> {
    await this.source.close()
  }

  protected requester (): Promise<Requester> {
    return (this.#requester ??= this.source.open('echo').then((pipe) => new Requester(pipe)))
  }
}
