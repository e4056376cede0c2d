import { describe, expect, it } from 'vitest'
import { parseServicePath } from '../../src/cli/service-path.ts'
import { UsageError } from '../../src/cli/usage-error.ts'

const ID = '12D3KooWNB7Z6M4WitGjak8WDQxp9AJ3K3HDuYRGb8vajz6bJHpu'
const RELAY = '12D3KooWM2M6cP4mgZbNkv83cTqG8fs8YXYRbrZyCDzu96W4p24D'

describe('parseServicePath', () => {
  it.each([
    ['alice', 'alice', ''],
    ['alice/', 'alice', ''],
    ['alice/docker/web', 'alice', 'docker/web'],
    [`${ID}/docker`, ID, 'docker'],
    [`/ip4/127.0.0.1/tcp/1/p2p/${ID}`, `/ip4/127.0.0.1/tcp/1/p2p/${ID}`, ''],
    [`/ip4/127.0.0.1/tcp/1/p2p/${ID}/`, `/ip4/127.0.0.1/tcp/1/p2p/${ID}`, ''],
    [`/ip4/127.0.0.1/tcp/1/p2p/${ID}/docker/web`, `/ip4/127.0.0.1/tcp/1/p2p/${ID}`, 'docker/web'],
    [`/ip4/127.0.0.1/tcp/1/p2p/${ID}/files/p2p/x`, `/ip4/127.0.0.1/tcp/1/p2p/${ID}`, 'files/p2p/x'],
    [`/ip4/127.0.0.1/tcp/1/p2p/${RELAY}/p2p-circuit/p2p/${ID}/docker`, `/ip4/127.0.0.1/tcp/1/p2p/${RELAY}/p2p-circuit/p2p/${ID}`, 'docker']
  ])('takes %s apart', (word, peer, path) => {
    expect(parseServicePath(word, 'ls')).toEqual({ peer, path })
  })

  it.each([
    ['/ip4/127.0.0.1/tcp/1/docker', 'ls wants an address to end in /p2p/<peer ID>'],
    ['alice//web', "ls wants PEER/path, as alice/docker/web, received 'alice//web'"],
    ['', "received ''"]
  ])("says what is wrong with '%s'", (word, message) => {
    expect(() => parseServicePath(word, 'ls')).toThrow(UsageError)
    expect(() => parseServicePath(word, 'ls')).toThrow(message)
  })
})
