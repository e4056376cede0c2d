module swarmd.test/libchan-peer

go 1.24

require (
	github.com/docker/libchan v0.1.1-0.20160512182933-0328dcec840a
	github.com/docker/spdystream v0.1.0
)

require github.com/dmcgowan/msgpack v2.1.2-0.20160909235050-7b62bc929e75+incompatible // indirect
