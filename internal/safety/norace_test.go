//go:build !race

package safety

// slow is how much longer the race detector may take.
const slow = 1
