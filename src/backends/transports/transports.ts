import { TLS_HELP, transportBackend } from './transport-backend.ts'

export const tcpBackend = transportBackend({
  name: 'tcp',
  plain: 'tcp',
  summary: 'connects to another swarmd, or lets others connect, over TCP',
  usage: '[listen | connect] HOST:PORT',
  where: 'A port alone is one of this machine, 127.0.0.1. Port 0 listens on one that is free, which is logged.',
  examples: ["swarmd 'tcp listen 9323' dockerclient", "swarmd dockerserver 'tcp build.example.org:9323'"]
})

export const unixBackend = transportBackend({
  name: 'unix',
  plain: 'unix',
  summary: 'connects to another swarmd of this machine, or lets it connect, over a unix socket',
  usage: '[listen | connect] PATH',
  where: 'Listening makes a socket that only its owner may use, in place of one that was left behind; it is removed at the end.',
  examples: ["swarmd 'unix listen /run/user/1000/engine.sock' dockerclient", "swarmd dockerserver 'unix /run/user/1000/engine.sock'"]
})

export const tlsBackend = transportBackend({
  name: 'tls',
  secure: 'tls',
  summary: 'connects to another swarmd, or lets others connect, over TLS',
  usage: '[listen | connect] HOST:PORT [--cert FILE --key FILE] [--ca FILE] [--require-cert] [--servername NAME] [--insecure]',
  where: 'A port alone is one of this machine, 127.0.0.1.',
  help: TLS_HELP,
  examples: [
    "swarmd 'tls listen 0.0.0.0:9323 --cert host.pem --key host.key --ca clients.pem --require-cert' dockerclient",
    "swarmd dockerserver 'tls build.example.org:9323 --cert me.pem --key me.key'"
  ]
})

export const http2Backend = transportBackend({
  name: 'http2',
  plain: 'http2',
  secure: 'https2',
  summary: 'connects to another swarmd, or lets others connect, over HTTP/2',
  usage: '[listen | connect] HOST:PORT[/PATH] [--tls] [--cert FILE --key FILE] [--ca FILE] [--require-cert] [--servername NAME] [--insecure]',
  where: 'A port alone is one of this machine, 127.0.0.1. An option of TLS, or an address with https2:, makes it speak TLS. Proxies that pass gRPC pass it.',
  help: { '--tls': 'speak TLS', ...TLS_HELP },
  examples: ["swarmd 'http2 listen 9323/engine' dockerclient", "swarmd dockerserver 'http2 https2://build.example.org:443/engine'"]
})

export const websocketBackend = transportBackend({
  name: 'websocket',
  plain: 'ws',
  secure: 'wss',
  summary: 'connects to another swarmd, or lets others connect, over WebSocket',
  usage: '[listen | connect] HOST:PORT[/PATH] [--origin URL]... [--tls] [--cert FILE --key FILE] [--ca FILE] [--require-cert] [--servername NAME] [--insecure]',
  where: 'A port alone is one of this machine, 127.0.0.1. An option of TLS, or an address with wss:, makes it speak TLS. Web pages may connect too: those of the very host, and of each --origin.',
  options: { origin: { type: 'string', multiple: true } },
  help: { '--origin URL': 'listening: let pages of this origin connect; as often as needed', '--tls': 'speak TLS', ...TLS_HELP },
  examples: ["swarmd 'websocket listen 9323/engine' dockerclient", "swarmd dockerserver 'websocket wss://build.example.org/engine'"]
})
