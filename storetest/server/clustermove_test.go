package server_test

import (
	"bufio"
	"io"
	"net"
	"testing"

	"github.com/tokenauth/tokenauth/storetest/server"
)

func TestAnswerThatComesLateIsNotTheNextCommands(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for answers := "!\r\n+late\r\n"; ; answers = "+new\r\n" {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			_, _ = bufio.NewReader(conn).ReadString('\n')
			_, _ = io.WriteString(conn, answers)
		}
	}()
	m := server.NewSlotMove()
	defer m.Close()
	if answer, err := m.Do(listener.Addr().String(), "PING"); err == nil {
		t.Fatalf("the first command is answered with %v", answer)
	}
	if answer, err := m.Do(listener.Addr().String(), "PING"); answer != "new" {
		t.Errorf("the second command is answered with %v, %v", answer, err)
	}
}
