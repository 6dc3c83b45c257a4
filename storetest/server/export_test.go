package server

// RESP sends a command to a Redis server, for tests.
var RESP = resp

// Query returns what an SQL server's own client prints for a statement.
func (s *PostgreSQLServer) Query(database, sql string) (string, error) {
	out, err := s.cmd(s.psql, "-X", "-A", "-t", "-d", s.DSN(database), "-c", sql).CombinedOutput()
	return string(out), err
}

// Query returns what an SQL server's own client prints for a statement.
func (s *MariaDBServer) Query(database, sql string) (string, error) {
	out, err := s.cmd(s.client, "--no-defaults", "--socket="+s.dir+"/socket", "--user=root", "-N", "-D", database, "-e", sql).CombinedOutput()
	return string(out), err
}

// Find tries to find a program.
var Find = find

// RESPConn is a connection to a Redis server.
type RESPConn struct{ *respConn }

// DialRESP connects to a Redis server.
func DialRESP(addr string) (RESPConn, error) {
	conn, err := dialRESP(addr)
	return RESPConn{conn}, err
}

// Do sends a command.
func (c RESPConn) Do(args ...string) (any, error) { return c.do(args...) }

// SlotMove sends commands as MoveSlots does.
type SlotMove struct{ slotMove }

// NewSlotMove returns a SlotMove without connections.
func NewSlotMove() *SlotMove { return &SlotMove{slotMove{conns: map[string]*respConn{}}} }

// Do sends a command.
func (m *SlotMove) Do(addr string, args ...string) (any, error) { return m.do(addr, args...) }

// Close closes the connections.
func (m *SlotMove) Close() { m.close() }
