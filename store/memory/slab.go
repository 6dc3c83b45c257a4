package memorystore

const chunkSize = 256

// slab keeps values of one type and gives them numbers. It grows by chunks:
// values never move, growing copies none of them, and where T has no pointers
// the garbage collector passes over a chunk unread. It is not safe for
// concurrent use.
type slab[T any] struct {
	chunks []*[chunkSize]T
	last   uint32   // the highest number given out yet; 0 never is, it means none
	free   []uint32 // the numbers that have come back
}

// take gives out the number of a zero value.
func (s *slab[T]) take() uint32 {
	if last := len(s.free) - 1; last >= 0 {
		number := s.free[last]
		s.free = s.free[:last]
		return number
	}
	s.last++
	if int(s.last/chunkSize) == len(s.chunks) {
		s.chunks = append(s.chunks, new([chunkSize]T))
	}
	return s.last
}

// at returns the value with that number, which its taker may use until it is put back.
func (s *slab[T]) at(number uint32) *T {
	return &s.chunks[number/chunkSize][number%chunkSize]
}

// put takes a number back and zeroes its value.
func (s *slab[T]) put(number uint32) {
	*s.at(number) = *new(T)
	s.free = append(s.free, number)
}

// text is a string of bytes whose length its owner knows. Its beginning lies in
// the owner itself, so most texts need no other memory.
type text struct {
	rest uint32 // the number of the first block
	head [56]byte
}

// block holds a part of a text, in one cache line.
type block struct {
	next uint32
	part [60]byte
}

// texts keeps what texts don't hold themselves, in chains of blocks. Blocks have
// one size, so a block that one text leaves suits any other. It is not safe for
// concurrent use.
type texts struct {
	blocks slab[block]
}

// set stores s in a zero text.
func (ts *texts) set(t *text, s string) {
	s = s[copy(t.head[:], s):]
	next := &t.rest
	for s != "" {
		*next = ts.blocks.take()
		b := ts.blocks.at(*next)
		s = s[copy(b.part[:], s):]
		next = &b.next
	}
}

// appendTo appends the first n bytes of a text to buf.
func (ts *texts) appendTo(buf []byte, t *text, n int) []byte {
	part, next := t.head[:], t.rest
	for n > len(part) {
		buf = append(buf, part...)
		n -= len(part)
		b := ts.blocks.at(next)
		part, next = b.part[:], b.next
	}
	return append(buf, part[:n]...)
}

// remove takes the text's blocks back. The text must not be used afterwards.
func (ts *texts) remove(t *text) {
	for number := t.rest; number != 0; {
		next := ts.blocks.at(number).next
		ts.blocks.put(number)
		number = next
	}
}
