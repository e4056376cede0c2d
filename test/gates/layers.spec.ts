import { describe, expect, it } from 'vitest'
import { findBreaches } from '../support/layer-check.ts'
import { readTypeScript } from '../support/source-tree.ts'
import type { Layers } from '../support/layer-check.ts'

const BELOW_SWARM = ['base', 'identity', 'peerstore']
const GROUND = [...BELOW_SWARM, 'swarm/constants', 'swarm/options', 'swarm/contract', 'swarm/address']
const CONNECTION = [...GROUND, 'swarm/limits', 'swarm/stream', 'swarm/connection']
const SEAMS = [...CONNECTION, 'swarm/dial', 'swarm/listen']
const CORE = [...SEAMS, 'yamux', 'noise', 'tcp', 'tls', 'swarm/plugins']
const CHANNEL = ['base', 'channel/contract', 'channel/pipe', 'channel/bytes', 'channel/codec', 'channel/session', 'channel/providers']
const COLUMNS = [...BELOW_SWARM, 'yamux', 'noise', 'tcp', 'tls', 'swarm', 'channel', 'service', 'mesh']

const LAYERS: Layers = {
  rooms: {
    base: [],
    identity: ['base'],
    peerstore: ['base', 'identity'],
    'message-stream': ['base'],
    yamux: ['base', 'message-stream'],
    noise: ['base', 'identity', 'message-stream'],
    tcp: ['base', 'message-stream'],
    tls: ['base', 'identity', 'message-stream', 'tcp'],

    'swarm/constants': [],
    'swarm/options': ['base', 'swarm/constants'],
    'swarm/contract': GROUND,
    'swarm/address': [],
    'swarm/limits': GROUND,
    'swarm/stream': [...GROUND, 'message-stream', 'swarm/limits'],
    'swarm/connection': [...GROUND, 'message-stream', 'swarm/limits', 'swarm/stream'],
    'swarm/dial': CONNECTION,
    'swarm/listen': [...CONNECTION, 'tcp'],
    'swarm/plugins': SEAMS,
    'swarm/core': CORE,
    'swarm/index': [...CORE, 'swarm/core'],

    'channel/contract': ['base'],
    'channel/pipe': ['base', 'channel/contract'],
    'channel/bytes': ['base', 'channel/contract'],
    'channel/codec': ['base', 'channel/contract'],
    'channel/session': ['base', 'channel/contract', 'channel/pipe', 'channel/bytes', 'channel/codec'],
    'channel/providers': ['base', 'message-stream', 'yamux', 'channel/contract'],
    'channel/core': [...CHANNEL, 'channel/core'],
    'channel/index': [...CHANNEL, 'channel/core'],
    service: ['base', 'channel'],
    backends: ['base', 'channel', 'service'],
    mesh: ['base', 'swarm', 'channel', 'service', 'backends'],
    testing: COLUMNS,
    index: [...BELOW_SWARM, 'swarm'],
    cli: [...COLUMNS, 'backends', 'mesh', 'testing', 'index']
  },
  files: {
    'src/swarm/constants.ts': 'swarm/constants',
    'src/swarm/options.ts': 'swarm/options',
    'src/swarm/index.ts': 'swarm/index',
    'src/channel/index.ts': 'channel/index'
  },
  open: ['swarm/constants', 'swarm/options', 'swarm/contract', 'swarm/core', 'channel/core', 'channel/providers'],
  typesOnly: ['swarm/contract']
}

function breaches (files: Record<string, string>): string[] {
  return findBreaches(new Map(Object.entries(files)), LAYERS)
}

describe('the layers of src', () => {
  it('hold in every file', () => {
    expect(findBreaches(readTypeScript('src'), LAYERS)).toEqual([])
  })
})

describe('the check of layers', () => {
  it('accepts imports downward, through the index of the other room', () => {
    const found = breaches({
      'src/cli/main.ts': "import { createSwarm } from '../index.ts'",
      'src/index.ts': "export { createSwarm } from './swarm/index.ts'",
      'src/swarm/index.ts': "export { createSwarm } from './create-swarm.ts'",
      'src/swarm/create-swarm.ts': "import { Swarm } from './swarm.ts'\nimport { plugins } from './plugins/index.ts'",
      'src/swarm/plugins/index.ts': "import { Dial } from '../dial/index.ts'",
      'src/swarm/swarm.ts': "import { dial } from './dial/index.ts'\nimport { DEFAULTS } from './options.ts'",
      'src/swarm/dial/index.ts': "export { dial } from './dial-queue.ts'",
      'src/swarm/dial/dial-queue.ts': "import { Permits } from '../../base/index.ts'",
      'src/swarm/options.ts': '',
      'src/base/index.ts': ''
    })

    expect(found).toEqual([])
  })

  it.each([
    ['an import upward', 'src/service/verbs.ts', "import type { Swarm } from '../swarm/index.ts'", 'service may not import swarm'],
    ['an import upward inside the swarm', 'src/swarm/stream/stream.ts', "import { dial } from '../dial/index.ts'", 'swarm/stream may not import swarm/dial'],
    ['one that is written as an export', 'src/base/index.ts', "export { a } from '../identity/index.ts'", 'base may not import identity'],
    ['one that is made at run time', 'src/base/clock.ts', "await import('../cli/index.ts')", 'base may not import cli'],
    ['one inside a type', 'src/base/clock.ts', "type A = import('../mesh/index.ts').A", 'base may not import mesh'],
    ['a deep import', 'src/identity/keys.ts', "import { Permits } from '../base/permits.ts'", 'rooms speak through src/base/index.ts'],
    ['a deep import inside the swarm', 'src/swarm/dial/dial.ts', "import { Conn } from '../connection/conn.ts'", 'rooms speak through src/swarm/connection/index.ts'],
    ['a deep import into the swarm', 'src/mesh/mesh.ts', "import { Swarm } from '../swarm/swarm.ts'", 'rooms speak through src/swarm/index.ts'],
    ['options of the swarm from outside', 'src/mesh/mesh.ts', "import { DIAL_DEFAULTS } from '../swarm/options.ts'", 'rooms speak through src/swarm/index.ts'],
    ['the own index', 'src/base/clock.ts', "import { a } from './index.ts'", 'no file imports the index of its own room'],
    ['the index of the room around', 'src/swarm/dial/dial.ts', "import { a } from '../index.ts'", 'swarm/dial may not import swarm/index'],
    ['a plugin seam knowing the swarm', 'src/swarm/plugins/host.ts', "import type { SwarmNode } from '../swarm-node.ts'", 'swarm/plugins may not import swarm/core'],
    ['the wire protocol of yamux knowing the swarm', 'src/yamux/muxer.ts', "import { a } from '../swarm/index.ts'", 'yamux may not import swarm'],
    ['a value in the contract', 'src/swarm/contract/stream.ts', "import { CodedError } from '../../base/index.ts'", 'swarm/contract holds types only'],
    ['tests', 'src/base/clock.ts', "import { FakeClock } from '../../test/support/fake-clock.ts'", 'src imports nothing of ours outside src']
  ])('refuses %s', (_, path, text, why) => {
    const found = breaches({ [path]: `\n${text}` })

    expect(found).toHaveLength(1)
    expect(found[0]).toContain(`${path}:2 imports `)
    expect(found[0]).toContain(why)
  })

  it('refuses a room that the table does not have', () => {
    expect(breaches({ 'src/helpers/strings.ts': '' })).toEqual(['src/helpers/strings.ts: the table has no room helpers'])
  })

  it('refuses files that import each other at run time', () => {
    const found = breaches({
      'src/base/a.ts': "import { b } from './b.ts'",
      'src/base/b.ts': "import { c } from './c.ts'",
      'src/base/c.ts': "import { a } from './a.ts'"
    })

    expect(found).toEqual(['cycle: src/base/a.ts, src/base/b.ts, src/base/c.ts'])
  })

  it('refuses a circle of types, but not inside the contract', () => {
    const outside = breaches({
      'src/base/a.ts': "import type { B } from './b.ts'",
      'src/base/b.ts': "import { a } from './a.ts'"
    })
    const inside = breaches({
      'src/swarm/contract/a.ts': "import type { B } from './b.ts'",
      'src/swarm/contract/b.ts': "import type { A } from './a.ts'"
    })

    expect(outside).toEqual(['cycle: src/base/a.ts, src/base/b.ts'])
    expect(inside).toEqual([])
  })
})
