package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"

	framing "github.com/docker/spdystream/spdy"
)

// vector is one frame as spdystream writes it. Those with headers share one compression context, in order.
type vector struct {
	Name string `json:"name"`
	Hex  string `json:"hex"`
}

func printVectors(out io.Writer) error {
	var buffer bytes.Buffer
	framer, err := framing.NewFramer(&buffer, &buffer)
	if err != nil {
		return err
	}

	// one header a frame, where the order is not that of a map
	frames := []struct {
		name  string
		frame framing.Frame
	}{
		{"synStream", &framing.SynStreamFrame{StreamId: 1, Headers: http.Header{"Libchan-Ref": {"2"}}}},
		{"synStreamAgain", &framing.SynStreamFrame{StreamId: 3, Headers: http.Header{"Libchan-Ref": {"3"}}}},
		{"synReply", &framing.SynReplyFrame{StreamId: 2, Headers: http.Header{":status": {"200"}}}},
		{"headersOfDictionary", &framing.HeadersFrame{StreamId: 3, Headers: http.Header{"Content-Type": {"text/html,image/png"}}}},
		{"noHeaders", &framing.SynReplyFrame{StreamId: 4}},
		{"data", &framing.DataFrame{StreamId: 1, Data: []byte("hello")}},
		{"dataFin", &framing.DataFrame{StreamId: 1, Flags: framing.DataFlagFin, Data: []byte{}}},
		{"reset", &framing.RstStreamFrame{StreamId: 3, Status: framing.Cancel}},
		{"resetOfChannels", &framing.RstStreamFrame{StreamId: 3, Status: 65536 + 300}},
		{"ping", &framing.PingFrame{Id: 2}},
		{"goAway", &framing.GoAwayFrame{LastGoodStreamId: 3, Status: framing.GoAwayOK}},
		{"windowUpdate", &framing.WindowUpdateFrame{StreamId: 1, DeltaWindowSize: 131072}},
		{"settings", &framing.SettingsFrame{FlagIdValues: []framing.SettingsFlagIdValue{{Id: framing.SettingsInitialWindowSize, Value: 262144}}}},
	}

	vectors := make([]vector, 0, len(frames))
	for _, each := range frames {
		buffer.Reset()
		if err := framer.WriteFrame(each.frame); err != nil {
			return err
		}
		vectors = append(vectors, vector{each.name, hex.EncodeToString(buffer.Bytes())})
	}

	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")

	return encoder.Encode(vectors)
}
