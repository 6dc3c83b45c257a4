package server

import (
	"bufio"
	"strings"
	"testing"
)

func FuzzReadRESP(f *testing.F) {
	for _, seed := range []string{"+OK\r\n", "-ERR no\r\n", ":-7\r\n", "$-1\r\n", "$0\r\n\r\n", "$3\r\nfoo\r\n",
		"*-1\r\n", "*2\r\n$3\r\nfoo\r\n:1\r\n", "$9223372036854775807\r\n", "*999999999999\r\n", "\r\n", "%1\r\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		answer, err := readRESP(bufio.NewReader(strings.NewReader(text)))
		if err != nil {
			return
		}
		switch answer.(type) {
		case string, int64, []any, nil:
		default:
			t.Errorf("an answer is a %T", answer)
		}
	})
}

func FuzzParseView(f *testing.F) {
	f.Add("07c3 127.0.0.1:30004@31004,host slave e7d1 0 1426238317239 4 connected\n" +
		"67ed 127.0.0.1:30002@31002 myself,master - 0 1426238316232 2 connected 5461-10922 7 [93-<-07c3]\n")
	f.Add("")
	f.Add("x")
	f.Fuzz(func(t *testing.T, text string) {
		view, err := parseView(text)
		if err == nil && len(view) > strings.Count(text, "\n")+1 {
			t.Errorf("%d nodes from %q", len(view), text)
		}
	})
}

func TestViewTellsWhoServes(t *testing.T) {
	view, err := parseView("a 127.0.0.1:1@2,host slave b 0 1 4 connected\n" +
		"b 127.0.0.1:3@4 myself,master - 0 1 2 connected 5461-10922 7 [93-<-a]\n" +
		"c 127.0.0.1:5@6 master,fail - 0 1 2 connected\n")
	if err != nil {
		t.Fatal(err)
	}
	if self := view.self(); self.id != "b" || self.addr != "127.0.0.1:3" || !self.serves() || self.replica() {
		t.Errorf("the node itself is %+v", self)
	}
	if !view[0].replica() || !view[2].failing() || view[2].serves() {
		t.Errorf("the view is %+v", view)
	}
	for slot, served := range map[int]bool{7: true, 5461: true, 10922: true, 10923: false, 93: false} {
		if owner, err := view.owner(slot); (err == nil) != served || served && owner.id != "b" {
			t.Errorf("slot %d is served by %+v, %v", slot, owner, err)
		}
	}
}
