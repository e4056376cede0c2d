import { describe, expect, it } from 'vitest'
import { byteStreamPair, pipe } from '../../src/channel/index.ts'
import { join } from '../../src/cli/attach/join.ts'
import { VERBS } from '../../src/service/index.ts'
import { memoryContext } from './support/memory-context.ts'
import type { Message } from '../../src/service/index.ts'

describe('join', () => {
  it('ends with the error of bytes that are cut off, while the object says nothing more', async () => {
    const [output, says] = pipe<Message>({ capacity: 1 })
    const [near, far] = byteStreamPair()

    await says.send({ verb: VERBS.file, args: ['stdout'], att: far })

    const joined = join({ attachment: { input: undefined, output, att: undefined, args: [] }, context: memoryContext(), hasInput: false })

    near.reset('gone')

    await expect(joined).rejects.toMatchObject({ code: 'StreamReset' })
  })
})
