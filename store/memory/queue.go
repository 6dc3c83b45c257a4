package memorystore

// fanOut is how many children a node of the heap has: four entries fill a cache
// line, and the heap is half as deep as a binary one.
const fanOut = 4

// queue orders numbers by moments, in a heap that knows where each number
// stands. It is not safe for concurrent use.
type queue struct {
	heap   []entry
	places []uint32 // by number: its index in heap
}

type entry struct {
	at     int64
	number uint32
}

// first returns an entry with the earliest moment, and false if the queue is empty.
func (q *queue) first() (entry, bool) {
	if len(q.heap) == 0 {
		return entry{}, false
	}
	return q.heap[0], true
}

// add puts a number in that is not in the queue, in O(log n).
func (q *queue) add(number uint32, at int64) {
	if missing := int(number) + 1 - len(q.places); missing > 0 {
		q.places = append(q.places, make([]uint32, missing)...)
	}
	q.heap = append(q.heap, entry{})
	q.up(len(q.heap)-1, entry{at, number})
}

// move gives a number that is in the queue another moment, in O(log n).
func (q *queue) move(number uint32, at int64) {
	q.replace(int(q.places[number]), entry{at, number})
}

// remove takes a number out that is in the queue, in O(log n).
func (q *queue) remove(number uint32) {
	last := len(q.heap) - 1
	e := q.heap[last]
	q.heap = q.heap[:last]
	if place := int(q.places[number]); place != last {
		q.replace(place, e)
	}
}

// replace puts an entry in the place of another.
func (q *queue) replace(place int, e entry) {
	if e.at < q.heap[place].at {
		q.up(place, e)
	} else {
		q.down(place, e)
	}
}

// up puts the entry at that place or above, after the later ones there moved down.
func (q *queue) up(place int, e entry) {
	for place > 0 {
		parent := (place - 1) / fanOut
		if q.heap[parent].at <= e.at {
			break
		}
		q.set(place, q.heap[parent])
		place = parent
	}
	q.set(place, e)
}

// down puts the entry at that place or below, after the earlier ones there moved up.
func (q *queue) down(place int, e entry) {
	for {
		earliest := fanOut*place + 1
		if earliest >= len(q.heap) {
			break
		}
		for child := earliest + 1; child < min(fanOut*place+1+fanOut, len(q.heap)); child++ {
			if q.heap[child].at < q.heap[earliest].at {
				earliest = child
			}
		}
		if e.at <= q.heap[earliest].at {
			break
		}
		q.set(place, q.heap[earliest])
		place = earliest
	}
	q.set(place, e)
}

func (q *queue) set(place int, e entry) {
	q.heap[place] = e
	q.places[e.number] = uint32(place)
}
