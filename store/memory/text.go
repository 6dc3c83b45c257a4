package memorystore

// text is a string of bytes whose length its owner knows. Its beginning lies in
// the owner itself, so that most texts cost no memory beside it and none of the
// time that fetching other memory takes.
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

// remove takes the text's blocks back. The text is of no use afterwards.
func (ts *texts) remove(t *text) {
	for number := t.rest; number != 0; {
		next := ts.blocks.at(number).next
		ts.blocks.put(number)
		number = next
	}
}
