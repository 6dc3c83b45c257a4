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

// put takes a number back and forgets its value.
func (s *slab[T]) put(number uint32) {
	*s.at(number) = *new(T)
	s.free = append(s.free, number)
}
