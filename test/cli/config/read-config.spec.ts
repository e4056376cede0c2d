import { writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../../src/cli/config/config-error.ts'
import { MAX_PROBLEMS } from '../../../src/cli/config/place.ts'
import { parseConfig, readConfig } from '../../../src/cli/config/read-config.ts'
import { defineBackend, Server } from '../../../src/service/index.ts'
import { Folder } from '../support/run-cli.ts'
import type { NodeConfig } from '../../../src/cli/config/node-config.ts'

const ALICE = '12D3KooWNB7Z6M4WitGjak8WDQxp9AJ3K3HDuYRGb8vajz6bJHpu'
const BOB = '12D3KooWCyCMWcLodqhkVgod5RmzMoqtWpFGaxcbQn49XDHuATFJ'

const BACKENDS = [
  defineBackend({ name: 'exec', summary: 'runs', usage: '', isPrivileged: true, spawn: () => new Server() }),
  defineBackend({ name: 'simulator', summary: 'simulates', usage: '', spawn: () => new Server() }),
  defineBackend({ name: 'handler', summary: 'handles', usage: '', isPrivileged: true, spawn: () => new Server() })
]

async function parse (...lines: string[]): Promise<NodeConfig> {
  return parseConfig(lines.join('\n'), { file: '/etc/swarmd.yml', backends: BACKENDS })
}

async function complaints (...lines: string[]): Promise<string[]> {
  try {
    await parse(...lines)
  } catch (error) {
    if (error instanceof ConfigError) {
      return error.message.split('\n').map((line) => line.replace('/etc/swarmd.yml:', ''))
    }

    throw error
  }

  throw new Error('the file was understood')
}

describe('parseConfig', () => {
  it('reads all that a node can be told', async () => {
    const config = await parse(
      'key: node.key',
      'listen:',
      '  - /ip4/127.0.0.1/tcp/4001',
      'peers:',
      `  alice: /ip4/192.0.2.7/tcp/4001/p2p/${ALICE}`,
      `  home: [/dns4/a.example/tcp/1/p2p/${ALICE}, /dns4/b.example/tcp/1/p2p/${ALICE}]`,
      `  far: ${ALICE}`,
      'services:',
      '  sim:',
      '    run: simulator a b',
      "    allow: '*'",
      '  both:',
      '    run: [exec date, exec cat @alice]',
      `    allow: [alice, ${ALICE}]`,
      '    restart: on-failure',
      'backends:',
      '  exec: { allow: [alice] }'
    )

    expect(config).toEqual({
      file: '/etc/swarmd.yml',
      key: '/etc/node.key',
      listen: ['/ip4/127.0.0.1/tcp/4001'],
      peers: {
        alice: `/ip4/192.0.2.7/tcp/4001/p2p/${ALICE}`,
        home: [`/dns4/a.example/tcp/1/p2p/${ALICE}`, `/dns4/b.example/tcp/1/p2p/${ALICE}`],
        far: ALICE
      },
      services: [
        { name: 'sim', stages: ['simulator a b'], allow: '*', restart: 'never' },
        { name: 'both', stages: ['exec date', 'exec cat @alice'], allow: ['alice', ALICE], restart: 'on-failure' }
      ],
      backends: [{ name: 'exec', allow: ['alice'] }]
    })
  })

  it('wants nothing that it can do without, and nobody may use what names nobody', async () => {
    expect(await parse('')).toMatchObject({ key: undefined, listen: [], peers: {}, services: [], backends: [] })
    expect(await parse('peers:', 'listen:')).toMatchObject({ peers: {}, listen: [] })
    expect((await parse('services: { s: { run: simulator } }')).services[0]).toMatchObject({ allow: [], restart: 'never' })
  })

  it('follows aliases, and reads every kind of YAML text', async () => {
    const { services } = await parse('peers:', `  a: &alice ${ALICE}`, 'services:', '  s:', '    run: >-', '      simulator', '      a b', '    allow: [*alice]')

    expect(services[0]).toMatchObject({ stages: ['simulator a b'], allow: [ALICE] })
  })

  it.each([
    ['a wrong type', ['services:', '  docker:', '    run: simulator', '    allow: 7'], ["4:12: services.docker.allow: wanted a list of peers, or '*' for everybody, received 7"]],
    ['an unknown key', ['lisen: []'], ['1:1: lisen: there is no key "lisen" here; did you mean listen?']],
    ['one like no other', ['colour: red'], ['1:1: colour: there is no key "colour" here; there are peers, key, listen, backends, services']],
    ['an unknown key within', ['services:', '  s: { run: simulator, alow: [] }'], ['2:24: services.s.alow: there is no key "alow" here; did you mean allow?']],
    ['an anchor that is not there', ['listen: *b'], ['1:9: listen: there is no anchor &b for *b; quote it if it is text']],
    ['a key twice', ['key: a', 'listen: []', 'key: b'], ['3:1: key: key is there twice']],
    ['a name twice', ['services:', '  s: { run: simulator }', '  s: { run: simulator }'], ['3:3: services.s: s is there twice']],
    ['a file that is no map', ['- a'], ['1:1: wanted a map of peers, key, listen, services and backends, received a list of 1']],
    ['a missing stage', ['services:', '  s: { allow: [] }'], ['2:6: services.s: wanted run: a stage or a list of stages, and there is none']],
    ['an empty stage', ['services:', '  s:', '    run:'], ['3:9: services.s.run: wanted a stage or a list of stages, received nothing']],
    ['an empty list of stages', ['services:', '  s: { run: [] }'], ['2:13: services.s.run: wanted a stage, as "dockerclient unix:///var/run/docker.sock", or a list of stages, received a list of 0']],
    ['an unknown backend', ['services:', '  s: { run: [simulator, exce date] }'], ['2:25: services.s.run[1]: there is no backend "exce"; did you mean exec?']],
    ['a quote that is open', ['services:', '  s: { run: "exec \'a" }'], ["2:13: services.s.run: wanted quotes to be closed and something behind a backslash, received exec 'a"]],
    ['a peer that nobody named', ['services:', '  s: { run: exec date @bob }'], ['2:13: services.s.run: @bob is neither a name under peers nor a peer ID nor an address']],
    ['an allowed peer that nobody named', ['peers:', `  alice: ${ALICE}`, 'services:', '  s: { run: simulator, allow: [alcie] }'], ['4:32: services.s.allow[0]: "alcie" is neither a name under peers nor a peer ID; did you mean alice?']],
    ['an allowed peer that is a number', ['services:', '  s: { run: simulator, allow: [7] }'], ['2:32: services.s.allow[0]: wanted a name under peers, or a peer ID, received 7']],
    ['a privileged service for everybody', ['services:', '  s:', '    run: exec sh', "    allow: '*'"], ["3:5: services.s: allow: '*' lets everybody use exec, which runs code or reaches what is private: name the peers"]],
    ['a module for everybody', ['services:', "  s: { run: ./a.ts, allow: '*' }"], ["2:6: services.s: allow: '*' lets everybody use handler, which runs code or reaches what is private: name the peers"]],
    ['a privileged backend for everybody', ['backends:', "  exec: { allow: '*' }"], ["2:9: backends.exec: allow: '*' lets everybody use exec, which runs code or reaches what is private: name the peers"]],
    ['a backend that is none', ['backends:', '  exek: { allow: [] }'], ['2:3: backends.exek: there is no backend "exek"; did you mean exec?']],
    ['a backend without a list', ['backends:', '  exec: {}'], ["2:9: backends.exec: wanted allow: a list of peers, or '*', and there is none"]],
    ['a service named as an offered backend', ['services:', '  simulator: { run: simulator }', 'backends:', '  simulator: { allow: [] }'], ['2:3: services.simulator: a backend of that name is offered under backends, and peers could not tell them apart']],
    ['a service with a slash', ['services:', '  a/b: { run: simulator }'], ['2:3: services.a/b: wanted a name of up to 63 letters, digits, dots and dashes']],
    ['a restart that is none', ['services:', '  s: { run: simulator, restart: on-failures }'], ['2:33: services.s.restart: wanted never or on-failure (did you mean on-failure?), received "on-failures"']],
    ['an address that is none', ['listen: [/ip4/300.1.1.1/tcp/1]'], ['1:10: listen[0]: wanted a multiaddr, as /ip4/0.0.0.0/tcp/4001, received "/ip4/300.1.1.1/tcp/1"']],
    ['a peer whose ID is not said', ['peers:', '  a: /ip4/127.0.0.1/tcp/1'], ['2:6: peers.a: wanted a peer ID, or a multiaddr that ends in /p2p/<peer ID>, or a list of those, received "/ip4/127.0.0.1/tcp/1"']],
    ['addresses of two peers', ['peers:', `  a: [${ALICE}, /ip4/127.0.0.1/tcp/1/p2p/${BOB}]`], [`2:6: peers.a: all addresses of a name are those of one peer, and these end in ${ALICE}, ${BOB}`]],
    ['text that is no YAML', ['services: [', 'key: a'], ['2:1: this is no YAML: Flow sequence in block collection must be sufficiently indented and end with a ]']]
  ])('says where %s stands, and what was wanted', async (_, lines, expected) => {
    expect(await complaints(...lines)).toEqual(expected)
  })

  it('tells all at once, in the order of the file', async () => {
    const found = await complaints('services:', '  s: { run: exce, restart: maybe }', 'listen: 7', 'peers: 3')

    expect(found.map((line) => line.split(': ').slice(0, 2).join(' '))).toEqual([
      '2:13 services.s.run', '2:28 services.s.restart', '3:9 listen', '4:8 peers'
    ])
  })

  it('stops counting somewhere', async () => {
    expect(await complaints(...Array.from({ length: 2 * MAX_PROBLEMS }, (_, index) => `k${index}: 1`))).toHaveLength(MAX_PROBLEMS)
  })

  it('does not walk in circles', async () => {
    expect(await complaints('services: &a', '  s: *a')).not.toEqual([])
  })
})

describe('readConfig', () => {
  it('knows the backends that there are', async () => {
    await using folder = await Folder.create()

    await writeFile(folder.file('swarmd.yml'), 'services: { s: { run: simulator a } }')

    expect((await readConfig(folder.file('swarmd.yml'))).services).toHaveLength(1)
  })

  it.each([
    ['is not there', 'none.yml', 'cannot be read: there is no such file; docs/swarmd-yml.md has one to begin with'],
    ['is a folder', '.', 'cannot be read: it is a folder'],
    ['is no text', 'bytes.yml', 'cannot be read: it is no UTF-8']
  ])('says so when the file %s', async (_, name, message) => {
    await using folder = await Folder.create()

    await writeFile(folder.file('bytes.yml'), Uint8Array.of(0xff, 0xfe))

    await expect(readConfig(folder.file(name))).rejects.toMatchObject({ code: 'InvalidConfig', problems: [{ line: 1, column: 1, message }] })
  })
})
