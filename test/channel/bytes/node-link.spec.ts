import { Readable, Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { NodeLink } from '../../../src/channel/bytes/node-link.ts'
import { sidesOf } from '../../../src/channel/bytes/node-stream.ts'
import { turns } from '../../support/settle.ts'
import { textOf, utf8 } from './support.ts'

interface Scene {
  link: NodeLink
  told: string[]
}

/** A link over a stream, which pauses after each delivery. */
function scene (stream: Readable | Writable): Scene {
  const link = new NodeLink(stream, sidesOf(stream))
  const told: string[] = []

  link.attach({
    onData (bytes) {
      told.push(textOf(bytes) ?? '')
      link.pause()
    },
    onEnd: () => { told.push('END') },
    onRoom: () => { told.push('ROOM') },
    onClose: (error) => { told.push(`CLOSED ${error?.message ?? ''}`) }
  })

  return { link, told }
}

describe('a link over a stream of Node', () => {
  it('tells nothing while it is paused, not even the end', async () => {
    const { link, told } = scene(Readable.from([Buffer.from('a'), Buffer.from('b')], { objectMode: false }))

    link.resume()
    await turns(5)
    expect(told).toEqual(['a'])

    link.resume()
    await turns(5)
    expect(told).toEqual(['a', 'b'])

    link.resume()
    await turns(5)
    expect(told).toEqual(['a', 'b', 'END', 'CLOSED '])
  })

  it('tells the end of what cannot be read at once, and closes when all is written', async () => {
    const { link, told } = scene(new Writable({ write (_chunk, _encoding, callback) { callback() } }))

    link.resume()
    expect(told).toEqual(['END'])

    link.write(utf8('x'))
    link.end()
    link.end()
    expect(link.write(utf8('late'))).toBe(true)
    await turns(2)
    expect(told).toEqual(['END', 'CLOSED '])
  })

  it('says when to wait, and tells of room', async () => {
    let release: (() => void) | undefined
    const stream = new Writable({
      highWaterMark: 10,
      write (_chunk, _encoding, callback) { release = callback }
    })
    const { link, told } = scene(stream)

    expect([link.write(utf8('12345')), link.write(utf8('67890-----'))]).toEqual([true, false])

    release?.()
    await turns(2)
    expect(told).toEqual([])

    release?.()
    await turns(2)
    expect(told).toEqual(['ROOM'])
  })

  it('tells nothing after a reset but that', async () => {
    const { link, told } = scene(Readable.from([Buffer.from('a')], { objectMode: false }))

    link.resume()
    link.reset({ code: 300, message: 'enough' })
    link.reset({ code: 0, message: '' })
    link.resume()
    link.pause()
    await turns(5)

    expect(told).toEqual(['CLOSED the byte stream was reset on this side: code 300: enough'])
  })
})
