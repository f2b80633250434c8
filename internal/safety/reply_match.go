package safety

// pattern is a run of words that a rule looks for.
type pattern struct {
	rule, lang string
	flag       Flag
	steps      []step
	start, end bool // only at the beginning, only at the end of the reply
}

// step is one place of a pattern.
type step struct {
	words    map[int]bool // nil: any word
	optional int          // how many words it may take; 0 means exactly one
}

// index finds the patterns that may begin at a word.
type index map[int][]*pattern

// add takes a pattern in under each word that it can begin with.
func (x index) add(p *pattern) {
	for id := range p.steps[0].words {
		x[id] = append(x[id], p)
	}
}

// find gives the first pattern in the text that touches no used word.
func (x index) find(ids []int, used []bool) *pattern {
	for at, id := range ids {
		for _, p := range x[id] {
			if p.match(ids, used, at) > at {
				return p
			}
		}
	}
	return nil
}

// mark marks as used what any pattern matches, the longest match at each
// place, and gives the first that matched.
func (x index) mark(ids []int, used []bool) *pattern {
	var first *pattern
	for at, id := range ids {
		if used[at] {
			continue
		}
		longest := at
		for _, p := range x[id] {
			if end := p.match(ids, used, at); end > longest {
				longest = end
				if first == nil {
					first = p
				}
			}
		}
		for i := at; i < longest; i++ {
			used[i] = true
		}
	}
	return first
}

// match gives where a match that begins at a place ends; 0 when there is none.
func (p *pattern) match(ids []int, used []bool, at int) int {
	if p.start && at > 0 {
		return 0
	}
	return p.from(ids, used, at, p.steps)
}

func (p *pattern) from(ids []int, used []bool, at int, steps []step) int {
	if len(steps) == 0 {
		if p.end && at < len(ids) {
			return 0
		}
		return at
	}
	s := steps[0]
	fits := func(i int) bool { return i < len(ids) && !used[i] && (s.words == nil || s.words[ids[i]]) }
	if s.optional == 0 {
		if !fits(at) {
			return 0
		}
		return p.from(ids, used, at+1, steps[1:])
	}
	for n := 0; n <= s.optional; n++ { // the shortest first
		if end := p.from(ids, used, at+n, steps[1:]); end > 0 {
			return end
		}
		if !fits(at + n) {
			return 0
		}
	}
	return 0
}
